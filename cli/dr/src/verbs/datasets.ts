import { EXIT } from '../exit-code.ts';
import { duration, moment } from '../output/human.ts';
import { table } from '../output/table.ts';
import type { ProtectedDataset } from '../resources.ts';
import { flag, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const datasets = verb({
  name: 'datasets',
  summary: 'List data sets with their last good backup, unprotected ones too',
  examples: [
    ['dr datasets --tenant-id acme', "one tenant's data sets"],
    ['dr datasets --unprotected', 'what no good backup holds'],
  ],
  options: {
    tenantId: text('T', "only this tenant's (default: all that the key may see)"),
    unprotected: flag('only those without a good backup'),
  },
  run: async ({ tenantId, unprotected }, { api, out }) => {
    const { everyPage } = await import('../gateway/pages.ts');
    const all = await everyPage<ProtectedDataset>(await api(), '/datasets', 'datasets', { tenant_id: tenantId });
    const shown = unprotected ? all.filter(isUnprotected) : all;
    if (shown.length === 0) out.say('There are no such data sets.');
    out.answer({ datasets: shown }, () => (shown.length === 0 ? '' : datasetTable(shown)));
    return EXIT.ok;
  },
});

const isUnprotected = (dataset: ProtectedDataset): boolean => dataset.protected === false || dataset.last_good_at == null;

const COLUMNS = [
  { title: 'TENANT' },
  { title: 'DATA SET' },
  { title: 'FORMAT' },
  { title: 'LAST GOOD (UTC)' },
  { title: 'AGE', right: true },
  { title: 'BACKUP' },
];

function datasetTable(datasets: readonly ProtectedDataset[]): string {
  const rows = datasets.map((dataset) => [
    dataset.tenant_id,
    dataset.dataset_id,
    dataset.format ?? '-',
    isUnprotected(dataset) ? 'never' : moment(dataset.last_good_at),
    duration(dataset.rpo_age_seconds),
    dataset.last_backup_id ?? '-',
  ]);
  return table(COLUMNS, rows);
}
