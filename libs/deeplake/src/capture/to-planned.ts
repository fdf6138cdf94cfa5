import type { SourceFile } from '@dr/storage';
import type { Chunker, PlannedFile, SkippedFile } from './planned-file.ts';

/** A listed entry as a planned one; what cannot be copied goes to `skipped`. */
export function toPlanned(file: SourceFile, chunker: Chunker, skipped: SkippedFile[]): PlannedFile[] {
  const { kind, nameProblem, ...identity } = file;
  if (kind === 'special' || nameProblem?.code === 'source.name_not_utf8') {
    skipped.push({ path: file.path, reason: kind === 'special' ? 'special' : 'bad-name' });
    return [];
  }
  return [{ ...identity, kind, chunker }];
}
