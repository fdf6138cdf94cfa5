import { EXIT } from '../exit-code.ts';
import type { Check } from '../gateway/probes.ts';
import { table } from '../output/table.ts';
import { verb } from '../verb/verb.ts';

export const test = verb({
  name: 'test',
  summary: 'Probe the whole system, and tell each check and its time',
  about: [
    'The gateway, the clocks, every service with database and bus, the key, the views of the log, and with an admin key the repository (write, read back,',
    'delete), its passphrase, the source root and how far the log has been worked off. Exit code 1 when any check fails; what cannot be checked is skipped.',
  ].join('\n'),
  examples: [
    ['dr test', 'is everything there that a backup needs?'],
    ['dr test --json | jq \'.checks[] | select(.outcome == "failed")\'', 'what is not, for a monitor'],
  ],
  run: async (_args, context) => {
    const { probeAll } = await import('../gateway/probes.ts');
    const checks = await probeAll(context);
    const ok = checks.every(({ outcome }) => outcome !== 'failed');
    context.out.answer({ ok, checks }, () => checksTable(checks));
    return ok ? EXIT.ok : EXIT.failed;
  },
});

const COLUMNS = [{ title: 'CHECK' }, { title: 'RESULT' }, { title: 'MS', right: true }, { title: '' }];

function checksTable(checks: readonly Check[]): string {
  const rows = checks.map(({ name, outcome, ms, detail }) => [name, outcome, ms === undefined ? '' : String(Math.round(ms)), detail]);
  return table(COLUMNS, rows);
}
