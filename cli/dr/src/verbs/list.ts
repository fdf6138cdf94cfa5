import { EXIT } from '../exit-code.ts';
import { backupTable } from '../output/backups.ts';
import { choice, integer, oneOf, text, time } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

const TYPES = ['full', 'incremental', 'differential', 'snapshot'] as const;
const STATUSES = ['pending', 'queued', 'running', 'completed', 'partial', 'failed', 'cancelled', 'deleting', 'deleted'] as const;

export const list = verb({
  name: 'list',
  summary: 'List backups, newest first',
  offline: true,
  examples: [
    ['dr list --tenant-id production --limit 20 --format table', "one tenant's newest backups"],
    ['dr list --status completed --dataset-id articles --since 2026-01-01', 'good backups of one data set since a day'],
    ["dr list --json | jq -r '.backups[].backup_id'", 'the ids, for a script'],
    ['dr --repo /mnt/backups --passphrase-file ./passphrase list', 'when nothing but the storage is left'],
  ],
  options: {
    tenantId: text('T', "only this tenant's (default: all that the key may see)"),
    type: oneOf(TYPES, 'only of this type'),
    status: oneOf(STATUSES, 'only with this status'),
    datasetId: text('D', 'only with this data set'),
    since: time('TIME', 'only from this time on'),
    until: time('TIME', 'only before this time'),
    limit: integer({ min: 1, max: 1_000_000, fallback: 50 }, 'N', 'how many at most'),
    format: choice(['table', 'json'], 'table', 'json is the same as --json'),
  },
  run: async ({ tenantId, format, ...query }, { desk, out }) => {
    const { backups, problems } = await (await desk()).list({ tenant: tenantId, ...query });
    if (backups.length === 0) out.say('There are no backups.');
    out.answer({ backups }, () => (backups.length === 0 ? '' : backupTable(backups)), format === 'json' || out.json);
    for (const problem of problems) out.say(`Left out: ${problem}`);
    return problems.length > 0 ? EXIT.partial : EXIT.ok;
  },
});
