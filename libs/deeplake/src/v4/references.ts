import type { LogFile } from './catalog.ts';
import type { History } from './history.ts';
import { type FileReference, filesOf } from './operation.ts';

/** A data or index file that some log names. `parts` are the blocks of rows in it, each once. */
export interface Reference {
  readonly path: string;
  readonly size: number;
  readonly parts: FileReference[];
  /** Which commit named it first, for messages. */
  readonly namedBy: string;
  /** Named by the head of a live branch or by a tag: a reader of today needs it. */
  live: boolean;
}

/** Every file that any log names, hidden and reverted commits included. Source: DEEPLAKE_V4.md section 4, "reachable set". */
export function collectReferences(history: History): Map<string, Reference> {
  const live = liveLogs(history);
  const references = new Map<string, Reference>();
  for (const files of history.logs.values()) {
    for (const log of files)
      for (const operation of log.operations ?? []) for (const file of filesOf(operation)) note(references, file, log, live.has(log));
  }
  return references;
}

/** The log files that a head of a live branch or a tag consists of. */
export function liveLogs(history: History): Set<LogFile> {
  const live = new Set<LogFile>();
  for (const branch of history.catalog.branches.values()) if (!branch.deleted) for (const log of history.chain(branch.id)) live.add(log);
  for (const tag of history.catalog.tags.values()) for (const log of history.chain(tag.branch, tag.version)) live.add(log);
  return live;
}

function note(references: Map<string, Reference>, file: FileReference, log: LogFile, live: boolean): void {
  const known = references.get(file.path);
  if (!known) {
    references.set(file.path, { path: file.path, size: file.size, parts: file.format ? [file] : [], namedBy: log.path, live });
    return;
  }
  known.live ||= live;
  const isNew =
    file.format && !known.parts.some((p) => p.packed?.offset === file.packed?.offset && p.packed?.length === file.packed?.length);
  if (isNew) known.parts.push(file);
}
