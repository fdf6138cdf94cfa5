import type { LogFile } from '../v4/catalog.ts';
import type { Operation } from '../v4/operation.ts';
import { isKept } from './v4-reach.ts';
import type { V4Reading } from './v4-reading.ts';
import type { Target } from './v4-target.ts';

/** Does an entry of the meta log still hold? */
export function stillHolds(
  { history, reach, untilMs }: Target,
  { timeOf, meta }: V4Reading,
): (operation: Operation, file: LogFile) => boolean {
  const kept = (branch: string, version: string): boolean => isKept(history, reach, branch, version);
  const created = createdTags(meta);
  return (operation, file) => {
    switch (operation.kind) {
      case 'createBranch':
      case 'renameBranch':
      case 'deleteBranch':
        return reach.has(operation.id);
      case 'createTag':
        return kept(operation.branch, operation.version);
      case 'renameTag':
      case 'deleteTag': {
        const tag = created.get(operation.id);
        return tag === undefined || kept(tag.branch, tag.version);
      }
      case 'mergeBranch':
        return [operation.source, operation.destination].every(({ branch, version }) => kept(branch, version));
      case 'other':
      case 'unknown':
        return file.name.base === 1 || (timeOf(file) ?? 0) <= untilMs;
      default:
        return true;
    }
  };
}

const createdTags = (meta: readonly LogFile[]) =>
  new Map(meta.flatMap(({ operations = [] }) => operations.flatMap((o) => (o.kind === 'createTag' ? [[o.id, o] as const] : []))));
