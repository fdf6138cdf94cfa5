import type { Restore } from '../resources.ts';
import { bytes, counted } from './human.ts';
import { printable, table } from './table.ts';

const COLUMNS = [{ title: 'DATA SET' }, { title: 'RESTORED TO' }, { title: 'STATUS' }, { title: 'SIZE', right: true }];

/** A restore that has ended, or a plan: `where` is what the data sets' new names are below. */
export function restoreText(restore: Restore, where: string, did: string): string {
  const rows = restore.datasets.map(({ from, to, status, bytes: size }) => [from, `${where}/${to}`, status, bytes(size)]);
  const errors = restore.datasets.flatMap(({ to, error_message }) => (error_message ? [printable(`  ${to}: ${error_message}`)] : []));
  const head = `${did} ${restore.backup_id}: ${counted(restore.datasets.length, 'data set')}, ${restore.status}`;
  const error = restore.error_message ? [printable(restore.error_message)] : [];
  return [head, ...(rows.length > 0 ? [table(COLUMNS, rows)] : []), ...errors, ...error].join('\n');
}
