import type { Finding } from '../finding.ts';
import { checkCommit } from '../v3/check-commit.ts';
import type { ChunkContext } from '../v3/check-tensor.ts';
import { chunkOf, commitFolder, commitOf, DATASET_META, FIRST_COMMIT } from '../v3/paths.ts';
import type { CommitTree } from './commit-tree.ts';

/** Why a commit cannot be read as its writer left it, or how many rows it has when it can. */
export type Health = { readonly whole: true; readonly rows: number } | { readonly whole: false; readonly why: string };

/** Judges commits by the checks of their structure and, for heads, by what the capture itself reported (W1: of a file, W4: of the whole). Each is looked at once. */
export class HeadHealth {
  readonly #context: ChunkContext;
  readonly #tree: CommitTree;
  readonly #unsettled: readonly Finding[];
  readonly #known = new Map<string, Promise<Health>>();

  constructor(context: ChunkContext, tree: CommitTree, known: readonly Finding[]) {
    this.#context = context;
    this.#tree = tree;
    const errors = known.filter(({ severity }) => severity === 'error');
    this.#unsettled = errors.filter(({ code, path }) => code === 'W4' || (code === 'W1' && (path === '' || isHeadFile(path))));
  }

  of(commit: string): Promise<Health> {
    const known = this.#known.get(commit) ?? this.#judge(commit);
    this.#known.set(commit, known);
    return known;
  }

  async #judge(commit: string): Promise<Health> {
    const missing = `${commitFolder(commit)}${DATASET_META}`;
    if (!this.#context.files.has(missing)) return { whole: false, why: `T6: there is no ${missing}` };
    const { troubles, rows } = await checkCommit(this.#context, commit);
    if (troubles.length > 0) return { whole: false, why: told(troubles) };
    const unsettled = this.#tree.node(commit)?.committed
      ? []
      : this.#unsettled.filter(({ path }) => path === '' || commitOf(path) === commit);
    return unsettled.length > 0 ? { whole: false, why: told(unsettled) } : { whole: true, rows };
  }
}

function told(troubles: readonly { code: string; path: string; message: string }[]): string {
  const { code, path, message } = troubles[0]!;
  const first = `${code} ${path}: ${message}`;
  return troubles.length === 1 ? first : `${first}; and ${troubles.length - 1} more`;
}

/** Of files at the root, only those of the first commit count against it. */
function isHeadFile(path: string): boolean {
  return commitOf(path) !== FIRST_COMMIT || chunkOf(path) !== undefined || path.includes('/') || path === DATASET_META;
}
