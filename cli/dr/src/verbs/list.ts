import { EXIT } from '../exit-code.ts';
import { backupTable } from '../output/backups.ts';
import { choice, integer, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const list = verb({
  name: 'list',
  summary: 'List backups, newest first',
  offline: true,
  options: {
    tenantId: text('T', "only this tenant's (default: all that the key may see)"),
    limit: integer({ min: 1, max: 1_000_000, fallback: 50 }, 'N', 'how many at most'),
    format: choice(['table', 'json'], 'table', 'json is the same as --json'),
  },
  run: async ({ tenantId, limit, format }, { desk, out }) => {
    const { backups, problems } = await (await desk()).list({ tenant: tenantId, limit });
    if (backups.length === 0) out.say('There are no backups.');
    out.answer({ backups }, () => (backups.length === 0 ? '' : backupTable(backups)), format === 'json' || out.json);
    for (const problem of problems) out.say(`Left out: ${problem}`);
    return problems.length > 0 ? EXIT.partial : EXIT.ok;
  },
});
