import type { Backup, BackupDataset, ContentEntry, Finding, SystemStateItem, Verification } from '../resources.ts';
import { bytes, counted, duration, moment } from './human.ts';
import { type Column, facts, printable, table } from './table.ts';

const LIST: readonly Column[] = [
  { title: 'BACKUP' },
  { title: 'TIME (UTC)' },
  { title: 'TENANT' },
  { title: 'TYPE' },
  { title: 'STATUS' },
  { title: 'SETS', right: true },
  { title: 'SIZE', right: true },
  { title: 'ADDED', right: true },
];

export function backupTable(backups: readonly Backup[]): string {
  const row = (backup: Backup): string[] => [
    backup.backup_id,
    moment(backup.timestamp),
    backup.tenant_id,
    backup.type,
    backup.status,
    String(backup.dataset_ids.length),
    bytes(backup.size_bytes),
    bytes(backup.compressed_size_bytes),
  ];
  return table(LIST, backups.map(row));
}

/** One backup with its data sets and what was found in them. */
export function backupText(backup: Backup): string {
  const items = backup.system_state ?? [];
  const findings = [
    ...backup.datasets.map((set) => ({ ...set, id: set.dataset_id })),
    ...items.map((item) => ({ ...item, id: item.name })),
  ].flatMap(({ id, findings }) => (findings ?? []).map((finding) => findingLine(id, finding)));
  const parts = [
    facts(backupFacts(backup)),
    datasetTable(backup.datasets),
    changesText(backup.datasets),
    itemTable(items),
    leftOutText(backup),
    findings.length > 0 ? ['Findings:', ...findings].join('\n') : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function backupFacts(backup: Backup): [string, string | undefined][] {
  const known = (value: string | null | undefined): string | undefined => value ?? undefined;
  return [
    ['backup', backup.backup_id],
    ['time', `${moment(backup.timestamp)} UTC`],
    ['tenant', backup.tenant_id],
    ['type', backup.type],
    ['status', backup.status],
    ['description', known(backup.metadata?.description)],
    ['promoted from', known(backup.metadata?.promoted_from)],
    ['parent', backup.metadata?.promoted_from ? undefined : known(backup.parent_id)],
    ['size', bytes(backup.size_bytes)],
    ['added to the store', bytes(backup.compressed_size_bytes)],
    ['only pinned', onlyPinned(backup.datasets)],
    ['took', backup.duration_seconds == null ? undefined : duration(backup.duration_seconds)],
    ['checksum', known(backup.checksum)],
    ['object', known(backup.storage_path)],
    ['verified', backup.verified_at ? `${moment(backup.verified_at)} UTC` : undefined],
    ['error', known(backup.error_message)],
  ];
}

/** Undefined for what is no snapshot; said too when nothing is. */
function onlyPinned(datasets: readonly BackupDataset[]): string | undefined {
  const known = datasets.filter(({ pinned_objects }) => pinned_objects !== undefined);
  if (known.length === 0) return undefined;
  const sum = (of: 'pinned_objects' | 'pinned_bytes') => known.reduce((total, dataset) => total + (dataset[of] ?? 0), 0);
  return `${counted(sum('pinned_objects'), 'file')}, ${bytes(sum('pinned_bytes'))}`;
}

const DATASETS: readonly Column[] = [
  { title: 'DATA SET' },
  { title: 'FORMAT' },
  { title: 'STATUS' },
  { title: 'FILES', right: true },
  { title: 'SIZE', right: true },
  { title: 'ROWS', right: true },
  { title: 'BRANCHES', right: true },
  { title: 'TAGS', right: true },
  { title: 'HEAD' },
];

function datasetTable(datasets: readonly BackupDataset[]): string {
  if (datasets.length === 0) return '';
  const count = (value: number | string | null | undefined): string => (value == null ? '-' : String(value));
  const row = (d: BackupDataset): string[] => [
    d.dataset_id,
    d.format,
    d.status,
    count(d.objects),
    bytes(d.bytes),
    count(d.rows),
    count(d.branches?.length),
    count(d.tags?.length),
    d.head_version ?? '-',
  ];
  return table(DATASETS, datasets.map(row));
}

const ITEMS: readonly Column[] = [
  { title: 'SYSTEM STATE' },
  { title: 'STATUS' },
  { title: 'FILES', right: true },
  { title: 'SIZE', right: true },
];

/** What became of each data set since the backup that it was built on. */
function changesText(datasets: readonly BackupDataset[]): string {
  const lines = datasets.flatMap(({ dataset_id, changes }) => {
    if (!changes) return [];
    const { change, rows, exact, files } = changes;
    const ofRows = rows ? `rows +${rows.added} ~${rows.updated} -${rows.deleted}${exact ? '' : ' (not exact)'}; ` : '';
    const ofFiles = `files +${files.added.files} ~${files.changed.files} -${files.removed.files}, ${bytes(files.added.bytes + files.changed.bytes)} new`;
    return [
      printable(
        `  ${dataset_id}: ${change === 'unchanged' ? 'unchanged' : `${change === 'replaced' ? 'replaced; ' : ''}${ofRows}${ofFiles}`}`,
      ),
    ];
  });
  return lines.length === 0 ? '' : ['Since the last backup:', ...lines].join('\n');
}

function itemTable(items: readonly SystemStateItem[]): string {
  if (items.length === 0) return '';
  return table(
    ITEMS,
    items.map(({ name, status, objects, bytes: size }) => [name, status, objects == null ? '-' : String(objects), bytes(size)]),
  );
}

function leftOutText({ left_out }: Backup): string {
  if (!left_out) return '';
  const { total, lost, paths } = left_out;
  const more = total > paths.length ? [`  and ${total - paths.length} more`] : [];
  const head = `Not in this backup, because in no data set${lost > 0 ? ` (${lost} of ${total} may hold data)` : ''}:`;
  return [head, ...paths.map(({ path, reason }) => printable(`  ${path}  ${reason}`)), ...more].join('\n');
}

function findingLine(dataset: string, { severity, format, code, path, message }: Finding): string {
  return printable(`  ${severity}  ${dataset}${path ? `/${path}` : ''}  ${format} ${code}: ${message}`);
}

const CONTENTS: readonly Column[] = [{ title: 'SIZE', right: true }, { title: 'MODIFIED (UTC)' }, { title: 'DIGEST' }, { title: 'PATH' }];

export function contentsTable(entries: readonly ContentEntry[]): string {
  const row = (entry: ContentEntry): string[] => [
    String(entry.size),
    moment(entry.modified_at),
    entry.pinned ? 'only pinned' : (entry.digest?.slice(0, 16) ?? '-'),
    `${entry.dataset_id}/${entry.path}${entry.link_target === undefined ? '' : ` -> ${entry.link_target}`}`,
  ];
  return table(CONTENTS, entries.map(row));
}

export function verificationText(verification: Verification): string {
  const { backup_id, level, status, objects, bytes: size, findings, error_message, missing, warnings = [] } = verification;
  const counts = objects == null ? '' : `: ${counted(objects, 'file')}, ${bytes(size)}`;
  const { pinned_objects: pinned = 0, pinned_bytes } = verification;
  const unchecked = pinned > 0 ? [`  not checked: ${counted(pinned, 'file')}, ${bytes(pinned_bytes)}, which this snapshot only pins`] : [];
  const damage = (findings ?? []).map(({ object, kind, message, paths = [] }) => {
    const hit =
      paths.length > 0 ? `\n    needed by ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}` : '';
    return `  ${kind}  ${object}  ${message}${hit}`;
  });
  const lacks = missing
    ? ['The backup itself is partial:', ...missing.map(({ dataset_id, message }) => `  ${dataset_id}: ${message}`)]
    : [];
  const error = error_message ? [`  ${error_message}`] : [];
  return [
    `Verified ${backup_id} (${level ?? 'full'}) ${status}${counts}`,
    ...unchecked,
    ...damage,
    ...error,
    ...lacks,
    ...warnings.map((warning) => `  warning: ${warning}`),
  ]
    .map((line) => line.replace(/[^\P{Cc}\n]/gu, '?'))
    .join('\n');
}
