import type { BranchReport, ColumnReport, TagReport, VersionReport } from '../report.ts';
import type { Branch, LogFile } from './catalog.ts';
import { Chain } from './chain.ts';
import { DatasetState } from './dataset-state.ts';
import type { History } from './history.ts';

/** Rows and columns at every version of every live branch, in order. Reverts and compactions are replayed whole, everything else step by step. */
export function describeVersions(history: History): VersionReport[] {
  return [...history.catalog.branches.values()].filter((b) => !b.deleted).flatMap((branch) => versionsOf(history, branch));
}

function versionsOf(history: History, branch: Branch): VersionReport[] {
  let chain = new Chain(history);
  let state = new DatasetState().replay(branch.parent === undefined ? [] : chain.addVersion(branch.parent, branch.version));
  const reports: VersionReport[] = [];
  for (const log of history.logs.get(branch.id) ?? []) {
    const { letter, version } = log.name;
    if (letter === 'o' || letter === 'w') {
      chain = new Chain(history);
      state = new DatasetState().replay(chain.addVersion(branch.id, version));
    } else state.replay(chain.addCommits(branch.id, [log]));
    reports.push(report(branch, log, state));
  }
  return reports;
}

function report(branch: Branch, log: LogFile, state: DatasetState): VersionReport {
  return {
    branch: branch.name,
    version: log.name.version,
    rows: state.rows,
    columns: [...state.columns.values()].map((c) => c.name),
    message: log.message,
    committedAtMs: log.writtenAtMs,
  };
}

export interface Heads {
  readonly branches: BranchReport[];
  readonly tags: TagReport[];
  readonly main: BranchReport | undefined;
  readonly schema: ColumnReport[];
}

/** The live branches and tags with their rows; `visit` sees the full state of each, for checks of the replay. */
export function describeHeads(history: History, visit: (where: string, commits: LogFile[]) => DatasetState): Heads {
  const { catalog } = history;
  const live = [...catalog.branches.values()].filter((b) => !b.deleted);
  const states = new Map(live.map((b) => [b.id, visit(`branch ${b.name}`, history.chain(b.id))]));
  const branches = live.map((b) => ({ name: b.name, id: b.id, headVersion: history.head(b), rows: states.get(b.id)!.rows }));
  const tags = [...catalog.tags.values()].map((t) => ({
    name: t.name,
    branch: catalog.branches.get(t.branch)?.name ?? t.branch,
    version: t.version,
    rows: visit(`tag ${t.name}`, history.chain(t.branch, t.version)).rows,
  }));
  const main = branches.find((b) => catalog.branches.get(b.id)?.parent === undefined);
  const schema = main ? [...states.get(main.id)!.columns.values()].map(({ name, type, dtype }) => ({ name, type, dtype })) : [];
  return { branches, tags, main, schema };
}
