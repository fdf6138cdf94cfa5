import type { Finding } from '../finding.ts';
import { DatasetState } from '../v4/dataset-state.ts';
import type { History } from '../v4/history.ts';
import { iso } from './errors.ts';
import type { V4Reading } from './v4-reading.ts';
import type { Target } from './v4-target.ts';
import type { CutOff, CutVersion } from './version-cut.ts';

export function describe(history: History, { branch: id, version }: Target, { timeOf }: V4Reading): CutVersion {
  const owner = history.ownerOf(id, version);
  const file = owner === undefined ? undefined : history.logs.get(owner)!.find(({ name }) => name.version === version);
  const { rows } = new DatasetState().replay(history.chain(id, version === '' ? undefined : version));
  const branch = history.catalog.branches.get(id)!;
  return {
    branch: branch.name,
    version: version || history.head(branch),
    rows,
    message: file?.message,
    committedAtMs: file && timeOf(file),
  };
}

export function lostNames({ history: whole }: V4Reading, cut: History): Omit<CutOff, 'files' | 'bytes'> {
  const count = ({ logs }: History): number => [...logs.values()].reduce((sum, files) => sum + files.length, 0);
  const branches = [...whole.catalog.branches.values()].filter(({ id, deleted }) => !deleted && !cut.catalog.branches.has(id));
  const tags = [...whole.catalog.tags.values()].filter(({ id }) => !cut.catalog.tags.has(id));
  return { versions: count(whole) - count(cut), branches: branches.map(({ name }) => name), tags: tags.map(({ name }) => name) };
}

export function noteOf({ branch, version, rows, committedAtMs }: CutVersion, cutOff: CutOff): Finding {
  const at = committedAtMs === undefined ? '' : ` of ${iso(committedAtMs)}`;
  const message = `restored as of version ${version}${at} of branch ${branch} with ${rows} rows; ${cutOff.versions} later versions are left out`;
  return { format: 'v4', code: 'R7', severity: 'info', path: '', message };
}
