import { EXIT } from '../exit-code.ts';
import type { ApiClient } from '../gateway/api-client.ts';
import { duration, moment } from '../output/human.ts';
import { printable, table } from '../output/table.ts';
import type { Dataset, UnprotectedPath } from '../resources.ts';
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
    unprotected: flag('only those that no backup holds whole'),
  },
  run: async ({ tenantId, unprotected }, { api, out }) => {
    const { datasets: all, paths } = await everything(await api(), tenantId);
    const shown = unprotected ? all.filter((dataset) => !dataset.protected) : all;
    if (shown.length === 0) out.say('There are no such data sets.');
    out.answer({ datasets: shown, unprotected: paths }, () =>
      [datasetTable(shown), pathLines(paths)].filter((part) => part !== '').join('\n\n'),
    );
    return EXIT.ok;
  },
});

interface Page {
  datasets: Dataset[];
  unprotected?: UnprotectedPath[];
  next_cursor: string | null;
}

/** All pages; what no data set covers stands on the first one. */
async function everything(api: ApiClient, tenant: string | undefined): Promise<{ datasets: Dataset[]; paths: UnprotectedPath[] }> {
  const found: { datasets: Dataset[]; paths: UnprotectedPath[] } = { datasets: [], paths: [] };
  for (let cursor: string | undefined; ; ) {
    const page = await api.get<Page>('/datasets', { limit: 1000, tenant_id: tenant, cursor });
    found.datasets.push(...page.datasets);
    found.paths.push(...(page.unprotected ?? []));
    if (page.next_cursor === null) return found;
    cursor = page.next_cursor;
  }
}

const COLUMNS = [
  { title: 'TENANT' },
  { title: 'DATA SET' },
  { title: 'FORMAT' },
  { title: 'LAST GOOD (UTC)' },
  { title: 'AGE', right: true },
  { title: 'VERIFIED (UTC)' },
  { title: 'BACKUP' },
];

function datasetTable(datasets: readonly Dataset[]): string {
  if (datasets.length === 0) return '';
  const rows = datasets.map(({ tenant_id, dataset_id, format, present, last_good, rpo_age_seconds }) => [
    tenant_id,
    `${dataset_id}${present ? '' : ' (gone)'}`,
    format,
    last_good ? moment(last_good.at) : 'never',
    duration(rpo_age_seconds),
    moment(last_good?.verified_at),
    last_good?.backup_id ?? '-',
  ]);
  return table(COLUMNS, rows);
}

function pathLines(paths: readonly UnprotectedPath[]): string {
  if (paths.length === 0) return '';
  return ['Not covered by any data set:', ...paths.map(({ path, message }) => printable(`  ${path}: ${message}`))].join('\n');
}
