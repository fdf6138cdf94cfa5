import type { Restore, RestorePlan } from '../resources.ts';
import { bytes, counted, duration } from './human.ts';
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

const PLAN = [{ title: 'DATA SET' }, { title: 'WOULD GO TO' }, { title: 'ACTION' }, { title: 'SIZE', right: true }];

/** What a restore would do, what it would be refused for, and how long it would take. */
export function planText({ backup_id, target_tenant, datasets, conflicts = [], bytes: size, estimated_seconds }: RestorePlan): string {
  const rows = datasets.map(({ from, to, action, bytes: own }) => [from, `${target_tenant}/${to}`, action ?? 'restore', bytes(own)]);
  const time = estimated_seconds == null ? '' : `, about ${duration(estimated_seconds)}`;
  const head = `Would restore ${backup_id}: ${counted(datasets.length, 'data set')}${size == null ? '' : `, ${bytes(size)}`}${time}`;
  const refused = conflicts.map(({ to, message }) => printable(`  ${to ? `${to}: ` : ''}${message}`));
  return [head, ...(rows.length > 0 ? [table(PLAN, rows)] : []), ...(refused.length > 0 ? ['It would be refused:', ...refused] : [])].join(
    '\n',
  );
}
