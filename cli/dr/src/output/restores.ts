import type { FileSum, PlannedDataset, Restore, RestorePlan } from '../resources.ts';
import { bytes, counted, duration } from './human.ts';
import { printable, table } from './table.ts';

const COLUMNS = [{ title: 'DATA SET' }, { title: 'RESTORED TO' }, { title: 'STATUS' }, { title: 'SIZE', right: true }];

/** A restore that has ended, or a plan: `where` is what the data sets' new names are below. */
export function restoreText(restore: Restore, where: string, did: string): string {
  const rows = restore.datasets.map(({ from, to, status, bytes: size }) => [from, `${where}/${to}`, status, bytes(size)]);
  const told = restore.datasets.flatMap(({ to, error_message }) => (error_message ? [`${to}: ${error_message}`] : []));
  const errors = told.filter((line) => !restore.error_message?.includes(line)).map((line) => printable(`  ${line}`));
  const head = `${did} ${restore.backup_id}: ${counted(restore.datasets.length, 'data set')}, ${restore.status}`;
  const error = restore.error_message ? [printable(restore.error_message)] : [];
  return [head, ...(rows.length > 0 ? [table(COLUMNS, rows)] : []), ...errors, ...error].join('\n');
}

const PLAN = [
  { title: 'DATA SET' },
  { title: 'WOULD GO TO' },
  { title: 'STATUS' },
  { title: 'SIZE', right: true },
  { title: 'ADDED', right: true },
  { title: 'REPLACED', right: true },
  { title: 'SAME', right: true },
  { title: 'REMOVED', right: true },
];

/** What a restore would do, what it would be refused for, and how long it would take. */
export function planText(plan: RestorePlan): string {
  const { backup_id, target_tenant, datasets, bytes: size, bytes_needed, bytes_free, estimated_seconds } = plan;
  const rows = datasets.map(({ from, to, status, bytes: own, target, changes }) => {
    const files = (['added', 'replaced', 'same', 'removed'] as const).map((kind) => (changes ? String(changes[kind].files) : '-'));
    return [from, `${target_tenant}/${to}${target.exists ? ' (exists)' : ''}`, status, bytes(own), ...files];
  });
  const time = estimated_seconds == null ? '' : `, about ${duration(estimated_seconds)}`;
  const room = bytes_needed == null ? '' : `; takes ${bytes(bytes_needed)} of ${bytes(bytes_free)} that are free`;
  const head = `Would restore ${backup_id}: ${counted(datasets.length, 'data set')}, ${bytes(size)}${time}${room}`;
  return [
    head,
    ...(rows.length > 0 ? [table(PLAN, rows)] : []),
    ...datasets.flatMap(versionText),
    ...datasets.flatMap(pinnedLines),
    ...remarksOf(plan),
  ].join('\n');
}

/** What a data set will be, and what is cut off for that. */
function versionText({ from, version }: PlannedDataset): string[] {
  if (!version) return [];
  const { branch, version: id, rows, message, committed_at, cut_off } = version;
  const when = committed_at === undefined ? 'what was not committed' : `committed ${committed_at}`;
  const what = `${from}: version ${id} of branch ${branch}${message ? ` ("${message}")` : ''}, ${when}, ${counted(rows, 'row')}.`;
  const names = [...cut_off.branches.map((name) => `branch ${name}`), ...cut_off.tags.map((name) => `tag ${name}`)];
  const more = names.length > 0 ? `, ${names.join(', ')}` : '';
  return [
    printable(
      `${what} Left out: ${counted(cut_off.versions, 'version')}${more}; ${counted(cut_off.files, 'file')}, ${bytes(cut_off.bytes)}.`,
    ),
  ];
}

/** Where the files of a snapshot are that it only pins, and which are gone. */
function pinnedLines({ from, pinned }: PlannedDataset): string[] {
  if (!pinned) return [];
  const told = ({ objects, bytes: size }: FileSum): string => `${counted(objects, 'file')}, ${bytes(size)}`;
  const where = `${told(pinned.held)} in other backups; ${told(pinned.live)} at the source; ${told(pinned.missing)} gone`;
  return [`Only pinned of ${from}: ${where}`, ...pinned.missing_paths.map((path) => `  gone: ${path}`)].map((line) => printable(line));
}

function remarksOf({ conflicts = [], lacking = [], warnings = [] }: RestorePlan): string[] {
  const listed = (title: string, lines: readonly string[]): string[] =>
    lines.length > 0 ? [title, ...lines.map((line) => printable(`  ${line}`))] : [];
  return [
    ...listed(
      'The backup lacks:',
      lacking.map(({ dataset_id, cause }) => `${dataset_id}: ${cause}`),
    ),
    ...listed('Note:', warnings),
    ...listed(
      'It would be refused:',
      conflicts.map(({ dataset, message }) => (dataset ? `${dataset}: ${message}` : message)),
    ),
  ];
}
