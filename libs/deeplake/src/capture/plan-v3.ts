import type { SourceFile, SourceFolder } from '@dr/storage';
import { parseChunkIndex } from '../v3/chunk-index.ts';
import { chunkOf, commitFolder, commitOf, DATASET_META, isLock, QUERIES_ROOT, VERSION_INFO } from '../v3/paths.ts';
import { headsOf, parseVersionTree, UNVERSIONED, type VersionTree } from '../v3/version-tree.ts';
import { APPLICATION_FILE } from '../v4/paths.ts';
import { v3Chunker } from './chunkers.ts';
import { EarlierChunks } from './earlier-chunks.ts';
import { listForCapture } from './list-source.ts';
import type { Planning } from './plan-capture.ts';
import { type PlannedFile, READ_BARRIER, type SourceNotes } from './planned-file.ts';
import { settle } from './settle.ts';
import { toPlanned } from './to-planned.ts';

/** Files of the heads that wait for their turn; beyond it they are read as they are listed, and the next round puts right what changed. */
const WAITING_MAX = 100_000;

/**
 * Listed and copied until two listings are equal. Within a round: files of committed nodes (they do not change), then the heads' chunks but each
 * tensor's last, and in one burst at the end what is rewritten on every flush. A writer that never rests gets a closing round with the tree in
 * front, or the tree could call a commit finished whose files were read before it was. Source: DEEPLAKE.md section 3.1.
 */
export function planV3(planning: Planning): AsyncIterable<PlannedFile[]> {
  const list = () => withoutLocks(planning);
  let tree: Promise<VersionTree> | undefined;
  const earlier = new EarlierChunks(planning.folder, () => (tree ??= readTree(planning.folder, planning.sleep)));
  return settle({ ...planning, list, plan: (changed) => planRound(planning, changed, earlier), anchor: () => treeAtRest(planning) });
}

/** The tree's file, once it parses: a commit that it names was flushed before, so everything of that commit is read as it was committed. */
async function treeAtRest({ folder, sleep }: Planning): Promise<SourceFile | undefined> {
  await readTree(folder, sleep);
  return folder.stat(VERSION_INFO);
}

async function* withoutLocks(planning: Planning): AsyncIterable<SourceFile[]> {
  const { skipped } = planning.notes;
  for await (const page of listForCapture(planning)) {
    const locks = page.filter(({ path, kind }) => isLock(path) && kind !== 'dir');
    for (const { path } of locks) skipped.set(path, 'lock');
    yield locks.length === 0 ? page : page.filter((file) => !locks.includes(file));
  }
}

/** Order of reading among what is held back until the listing has ended. */
const STAGES = ['closed chunk', 'small', 'last chunk', DATASET_META, VERSION_INFO, APPLICATION_FILE] as const;
type Stage = (typeof STAGES)[number] | 'settled';

async function* planRound(
  { folder, notes, sleep }: Planning,
  changed: AsyncIterable<SourceFile[]>,
  earlier: EarlierChunks,
): AsyncIterable<PlannedFile[]> {
  const stageOf = new Stages(folder, headsOf(await readTree(folder, sleep)));
  const waiting = new Map<Stage, SourceFile[]>(STAGES.map((stage) => [stage, []]));
  let count = 0;
  for await (const page of changed) {
    const now: SourceFile[] = [];
    for (const file of page) {
      const stage = await stageOf.of(file);
      if (stage === 'settled' || count >= WAITING_MAX) now.push(file);
      else {
        waiting.get(stage)!.push(file);
        count++;
      }
    }
    yield planned(now, notes, earlier);
  }
  if (count > 0) yield READ_BARRIER;
  for (const [stage, files] of waiting) {
    yield planned(files, notes, earlier);
    if (stage === 'closed chunk' && files.length > 0) yield READ_BARRIER;
  }
}

function planned(files: readonly SourceFile[], notes: SourceNotes, earlier: EarlierChunks): PlannedFile[] {
  return files.flatMap((file) => {
    const chunker = v3Chunker(file.path, file.size);
    const plain = toPlanned(file, chunker, notes);
    return chunker.name === 'v3-chunk' ? plain.map((chunk) => ({ ...chunk, earlierForms: () => earlier.of(chunk.path) })) : plain;
  });
}

const TREE_TRIES_MAX = 10;
const TREE_RETRY_MS = 20;

/**
 * A tree that does not parse is being written: it is read again. One that still does not makes the root the head: the order is then that of an old
 * data set, and the checks name the damage (T1).
 */
async function readTree(folder: SourceFolder, sleep: Planning['sleep']): Promise<VersionTree> {
  for (let tries = 1; ; tries++) {
    try {
      return parseVersionTree(await folder.read(VERSION_INFO));
    } catch {
      if (tries === TREE_TRIES_MAX || !(await folder.stat(VERSION_INFO))) return UNVERSIONED;
      await sleep(TREE_RETRY_MS);
    }
  }
}

/** Knows when a file is read: the last chunk of a head's tensor, which an append rewrites, is told by the tensor's index. */
class Stages {
  readonly #folder: SourceFolder;
  readonly #heads: ReadonlySet<string>;
  readonly #lasts = new Map<string, string | undefined>();

  constructor(folder: SourceFolder, heads: ReadonlySet<string>) {
    this.#folder = folder;
    this.#heads = heads;
  }

  async of({ path, kind }: SourceFile): Promise<Stage> {
    if (kind !== 'file') return 'settled';
    if (path === VERSION_INFO || path === APPLICATION_FILE) return path;
    if (path.startsWith(`${QUERIES_ROOT}/`) || !this.#heads.has(commitOf(path))) return 'settled';
    const chunk = chunkOf(path);
    if (!chunk) return path.endsWith(`/${DATASET_META}`) || path === DATASET_META ? DATASET_META : 'small';
    return chunk.name === (await this.#lastOf(commitOf(path), chunk.tensor)) ? 'last chunk' : 'closed chunk';
  }

  async #lastOf(commit: string, tensor: string): Promise<string | undefined> {
    const index = `${commitFolder(commit)}${tensor}/chunks_index/unsharded`;
    if (!this.#lasts.has(index)) this.#lasts.set(index, await this.#readLast(index));
    return this.#lasts.get(index);
  }

  async #readLast(index: string): Promise<string | undefined> {
    try {
      return parseChunkIndex(await this.#folder.read(index)).at(-1)?.name;
    } catch {
      return undefined;
    }
  }
}
