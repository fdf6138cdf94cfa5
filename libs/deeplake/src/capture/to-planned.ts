import type { SourceFile } from '@dr/storage';
import type { Chunker, PlannedFile, SkipReason, SourceNotes } from './planned-file.ts';

/** A listed entry as a planned one; what cannot be copied goes to `skipped`. */
export function toPlanned(file: SourceFile, chunker: Chunker, { skipped }: SourceNotes): PlannedFile[] {
  const { kind, nameProblem: _name, linkProblem: _link, ...identity } = file;
  const reason = obstacle(file);
  if (reason) skipped.set(file.path, reason);
  return reason || kind === 'special' ? [] : [{ ...identity, kind, chunker }];
}

function obstacle({ kind, nameProblem, linkProblem }: SourceFile): SkipReason | undefined {
  if (kind === 'special') return 'special';
  if (nameProblem?.code === 'source.name_not_utf8') return 'bad-name';
  return linkProblem ? 'bad-target' : undefined;
}

/** Takes a path back that was planned before. */
export function gone(path: string): PlannedFile {
  const nothing = { size: 0, mode: 0, uid: 0, gid: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };
  return { path, kind: 'gone', ...nothing, chunker: { name: 'fixed', version: 1, size: 1, from: 0 } };
}
