import { DrError, type ObjectKey, ObjectMissing } from '@dr/storage';
import type { VerifyFinding, VerifyFindingKind } from '../types.ts';

const PATHS_MAX = 100;

interface Collected {
  readonly object: ObjectKey;
  readonly kind: VerifyFindingKind;
  readonly message: string;
  readonly paths: Set<string>;
  total: number;
}

/** Findings of one verification, one per object and kind, with the paths that need it. */
export class Findings {
  readonly #found = new Map<string, Collected>();

  add(object: ObjectKey, kind: VerifyFindingKind, message: string, path?: string): void {
    const id = `${kind} ${object}`;
    const found = this.#found.get(id) ?? { object, kind, message, paths: new Set<string>(), total: 0 };
    this.#found.set(id, found);
    if (path === undefined || found.paths.has(path)) return;
    found.total++;
    if (found.paths.size < PATHS_MAX) found.paths.add(path);
  }

  /** Adds what reading or decoding an object threw. */
  addError(object: ObjectKey, error: unknown, path?: string): void {
    const message = error instanceof Error ? error.message : String(error);
    this.add(nameOf(error) ?? object, kindOf(error), message, path);
  }

  has(object: ObjectKey): boolean {
    return [...this.#found.values()].some((found) => found.object === object);
  }

  list(): VerifyFinding[] {
    return [...this.#found.values()].map(({ object, kind, message, paths, total }) => ({
      object,
      kind,
      message,
      paths: [...paths],
      pathsTotal: total,
    }));
  }
}

function kindOf(error: unknown): VerifyFindingKind {
  if (error instanceof ObjectMissing) return 'missing';
  if (!(error instanceof DrError)) return 'unreadable';
  if (error.code === 'repository.piece_unresolved') return 'unresolved';
  if (error.code === 'store.range_outside') return 'size';
  return error.code.startsWith('store.') ? 'unreadable' : 'damaged';
}

/** The object an error names, where it names one. */
function nameOf(error: unknown): ObjectKey | undefined {
  if (error instanceof ObjectMissing) return error.key;
  const object = error instanceof DrError ? error.details?.object : undefined;
  return typeof object === 'string' ? object : undefined;
}
