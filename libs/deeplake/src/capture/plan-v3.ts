import type { SourceFile, SourceFolder } from '@dr/storage';
import { mapConcurrent } from '../concurrency.ts';
import { parseChunkIndex } from '../v3/chunk-index.ts';
import { chunkOf, commitFolder, commitOf, isLock, QUERIES_ROOT, VERSION_INFO } from '../v3/paths.ts';
import { headsOf, parseVersionTree, UNVERSIONED, type VersionTree } from '../v3/version-tree.ts';
import { APPLICATION_FILE } from '../v4/paths.ts';
import { fixed, PIECE_BYTES, v3ChunkChunker } from './chunkers.ts';
import { BARRIER, type PlannedFile, type SkippedFile } from './planned-file.ts';
import { toPlanned } from './to-planned.ts';

const HEADERS_AT_ONCE = 8;

/**
 * Files of committed nodes first (they do not change), then the heads' chunks but each tensor's last, and in one burst at the end what is
 * rewritten on every flush: the heads' small files and last chunks, then `version_control_info.json`. Source: DEEPLAKE.md section 3.1.
 */
export async function* planV3(folder: SourceFolder, skipped: SkippedFile[]): AsyncIterable<PlannedFile[]> {
  const heads = headsOf(await readTree(folder));
  const lasts = new LastChunks(folder);
  for await (const page of listAll(folder, skipped))
    yield await planned(
      folder,
      page.filter((f) => stageOf(f, heads) === 'settled'),
      skipped,
    );
  yield BARRIER;
  for await (const page of headFiles(folder, heads)) yield await planned(folder, await lasts.without(page), skipped);
  yield BARRIER;
  for await (const page of headFiles(folder, heads)) yield await planned(folder, await lasts.only(page), skipped);
  for (const path of [VERSION_INFO, APPLICATION_FILE]) {
    const file = await folder.stat(path);
    if (file) yield await planned(folder, [file], skipped);
  }
}

type Stage = 'settled' | 'head' | 'tree' | 'lock';

function stageOf({ path, kind }: SourceFile, heads: ReadonlySet<string>): Stage {
  if (isLock(path) && kind !== 'dir') return 'lock';
  if (path === VERSION_INFO || path === APPLICATION_FILE) return 'tree';
  return kind === 'file' && !path.startsWith(`${QUERIES_ROOT}/`) && heads.has(commitOf(path)) ? 'head' : 'settled';
}

/** Everything, in pages; locks go to `skipped`. */
async function* listAll(folder: SourceFolder, skipped: SkippedFile[]): AsyncIterable<SourceFile[]> {
  for await (const page of folder.list()) {
    for (const { path, kind } of page) if (isLock(path) && kind !== 'dir') skipped.push({ path, reason: 'lock' });
    yield page;
  }
}

/** Files of the heads' folders; that of the first commit is the root without `versions/`. */
async function* headFiles(folder: SourceFolder, heads: ReadonlySet<string>): AsyncIterable<SourceFile[]> {
  for (const head of heads) {
    const root = commitFolder(head).slice(0, -1);
    if (root !== '' && (await folder.stat(root))?.kind !== 'dir') continue;
    for await (const page of folder.list(root)) yield page.filter((f) => commitOf(f.path) === head && stageOf(f, heads) === 'head');
  }
}

async function planned(folder: SourceFolder, files: readonly SourceFile[], skipped: SkippedFile[]): Promise<PlannedFile[]> {
  const chunkers = await mapConcurrent(files, HEADERS_AT_ONCE, async ({ path, kind, size }) =>
    kind === 'file' && chunkOf(path) ? v3ChunkChunker(folder, path, size) : fixed(PIECE_BYTES),
  );
  return files.flatMap((file, i) => toPlanned(file, chunkers[i]!, skipped));
}

/** A tree that cannot be read makes the root the head: the order is then that of an old data set, and the checks name the damage (T1). */
async function readTree(folder: SourceFolder): Promise<VersionTree> {
  try {
    return parseVersionTree(await folder.read(VERSION_INFO));
  } catch {
    return UNVERSIONED;
  }
}

/** Knows each head tensor's last chunk from its index: the one that an append rewrites. */
class LastChunks {
  readonly #folder: SourceFolder;
  readonly #names = new Map<string, string | undefined>();

  constructor(folder: SourceFolder) {
    this.#folder = folder;
  }

  /** The chunks among `files` that are not the last of their tensor. */
  async without(files: readonly SourceFile[]): Promise<SourceFile[]> {
    return this.#filter(files, (isChunk, isLast) => isChunk && !isLast);
  }

  /** Everything among `files` that `without` leaves out. */
  async only(files: readonly SourceFile[]): Promise<SourceFile[]> {
    return this.#filter(files, (isChunk, isLast) => !isChunk || isLast);
  }

  async #filter(files: readonly SourceFile[], wanted: (isChunk: boolean, isLast: boolean) => boolean): Promise<SourceFile[]> {
    const kept: SourceFile[] = [];
    for (const file of files) {
      const chunk = chunkOf(file.path);
      const isLast = chunk !== undefined && chunk.name === (await this.#lastOf(commitOf(file.path), chunk.tensor));
      if (wanted(chunk !== undefined, isLast)) kept.push(file);
    }
    return kept;
  }

  async #lastOf(commit: string, tensor: string): Promise<string | undefined> {
    const index = `${commitFolder(commit)}${tensor}/chunks_index/unsharded`;
    if (!this.#names.has(index)) this.#names.set(index, await this.#readLast(index));
    return this.#names.get(index);
  }

  async #readLast(index: string): Promise<string | undefined> {
    try {
      return parseChunkIndex(await this.#folder.read(index)).at(-1)?.name;
    } catch {
      return undefined;
    }
  }
}
