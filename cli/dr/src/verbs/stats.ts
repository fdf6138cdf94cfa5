import { bytes, counted } from '../output/human.ts';
import { table } from '../output/table.ts';
import type { BackupStats } from '../resources.ts';
import { text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const stats = verb({
  name: 'stats',
  summary: 'Show what all backups come to: counts, sizes, ratios',
  about:
    'Needs an admin key. Sizes are of completed and partial backups: what their data sets hold, each backup counted whole, and what they added to the store.',
  examples: [
    ['dr stats', 'of all tenants that the key may see'],
    ['dr stats --tenant-id acme --json', 'of one, for a script'],
  ],
  options: { tenantId: text('T', "only this tenant's (default: all that the key may see)") },
  run: async ({ tenantId }, { api, out }) => {
    const found = await (await api()).get<BackupStats>('/admin/backups/stats', { tenant_filter: tenantId });
    out.answer(found, () => statsText(found));
  },
});

const ratio = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)} : 1`);
const percent = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(1)} %`);

function statsText(found: BackupStats): string {
  const lines = [
    ['Backups', `${found.total_backups} (${found.completed_backups} completed, ${found.failed_backups} failed)`],
    ['Success rate', percent(found.success_rate)],
    ['In backups', bytes(found.total_size_bytes)],
    ['In the store', bytes(found.compressed_size_bytes)],
    ['Deduplication', ratio(found.dedup_ratio)],
    ['Compression', ratio(found.compression_ratio)],
    ['Storage', found.storage_backend],
    ['Retention', found.retention_days === null ? '-' : counted(found.retention_days, 'day')],
  ] as const;
  const types = Object.entries(found.type_breakdown).map(([type, { count, size }]) => [type, String(count), bytes(size)]);
  const columns = [{ title: 'TYPE' }, { title: 'BACKUPS', right: true }, { title: 'SIZE', right: true }];
  const facts = lines.map(([name, value]) => `${name.padEnd(15)}${value}`).join('\n');
  return types.length === 0 ? facts : `${facts}\n\n${table(columns, types)}`;
}
