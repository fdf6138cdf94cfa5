import type { BranchChange, DatasetChange, FileChange } from '../resources.ts';
import { bytes, counted } from './human.ts';
import { printable, table } from './table.ts';

const COLUMNS = [
  { title: 'DATA SET' },
  { title: 'CHANGE' },
  { title: 'ROWS', right: true },
  { title: 'ADDED', right: true },
  { title: 'UPDATED', right: true },
  { title: 'DELETED', right: true },
  { title: 'NEW FILES', right: true },
  { title: 'CHANGED', right: true },
  { title: 'REMOVED', right: true },
  { title: 'NEW BYTES', right: true },
];

/** Data sets in a table, and below it what their branches, tags and columns say. */
export function changesTable(changes: readonly DatasetChange[]): string {
  const rows = changes.map(({ dataset_id, change, rows_before, rows_after, rows, files }) => [
    dataset_id,
    change,
    rows_before === rows_after || rows_before === null ? shown(rows_after ?? rows_before) : `${rows_before} to ${shown(rows_after)}`,
    shown(rows?.added),
    shown(rows?.updated),
    shown(rows?.deleted),
    String(files.added.files),
    String(files.changed.files),
    String(files.removed.files),
    bytes(files.added.bytes + files.changed.bytes),
  ]);
  return [table(COLUMNS, rows), ...changes.flatMap(detailsOf)].join('\n');
}

const shown = (count: number | null | undefined): string => (count === null || count === undefined ? '-' : String(count));

function detailsOf({ dataset_id, branches, tags, notes }: DatasetChange): string[] {
  const ofTags = tags.map(({ name, change, renamed_from, version_after, version_before }) => {
    const from = renamed_from === undefined ? '' : ` from ${renamed_from}`;
    return `tag ${name} ${change}${from} (${version_after ?? version_before ?? '-'})`;
  });
  const lines = [...branches.flatMap(branchLines), ...ofTags, ...notes];
  return lines.length === 0 ? [] : [printable(`${dataset_id}:`), ...lines.map((line) => printable(`  ${line}`))];
}

function branchLines({ name, change, renamed_from, commits, undone, rows, columns, tensors = [] }: BranchChange): string[] {
  const parts = [
    `branch ${name} ${change}${renamed_from === undefined ? '' : ` from ${renamed_from}`}`,
    ...(commits > 0 ? [counted(commits, 'commit')] : []),
    ...(undone > 0 ? [`${undone} undone`] : []),
    ...(rows ? [`rows +${rows.added} ~${rows.updated} -${rows.deleted}`] : []),
    ...(columns?.added ?? []).map((column) => `column ${column} added`),
    ...(columns?.renamed ?? []).map(({ from, to }) => `column ${from} renamed to ${to}`),
    ...(columns?.dropped ?? []).map((column) => `column ${column} dropped`),
  ];
  const ofTensors = tensors.map((t) => `  ${t.name}: ${t.rows_before} to ${t.rows_after} rows, +${t.added} ~${t.updated} -${t.deleted}`);
  return [parts.join(', '), ...ofTensors];
}

const FILES = [{ title: 'CHANGE' }, { title: 'BEFORE', right: true }, { title: 'AFTER', right: true }, { title: 'PATH' }];

export const fileChangesTable = (files: readonly FileChange[]): string =>
  table(
    FILES,
    files.map(({ path, change, bytes_before, bytes_after }) => [change, bytes(bytes_before), bytes(bytes_after), path]),
  );
