import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { SourceFolder } from '@dr/storage';
import type { PlannedFile } from '../capture/planned-file.ts';
import { MemoryView } from './memory-view.ts';

/** One storage operation of a writer: a file's new content, or its removal. */
export interface Write {
  readonly path: string;
  readonly bytes: Uint8Array | undefined;
}

export function filesOf(root: string): Map<string, Buffer> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((full) => [relative(root, full), readFileSync(full)]),
  );
}

/**
 * What a writer does to bring a folder from one state to another, in the order of `rank`. Deep Lake opens the file under its final name and writes
 * into it, so each content is seen empty, then half, then whole. Source: DEEPLAKE.md section 1.6, DEEPLAKE_V4.md section 3.
 */
export function writesBetween(before: string, after: string, rank: (path: string) => number): Write[] {
  const [old, next] = [filesOf(before), filesOf(after)];
  const changed = [...next]
    .filter(([path, bytes]) => !old.get(path)?.equals(bytes))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const removed = [...old.keys()].filter((path) => !next.has(path)).map((path) => ({ path, bytes: undefined }));
  const parts = (bytes: Buffer) => [bytes.subarray(0, 0), bytes.subarray(0, bytes.length >> 1), bytes];
  return [...removed, ...changed.flatMap(([path, bytes]) => parts(bytes).map((part) => ({ path, bytes: part })))];
}

export function apply(root: string, { path, bytes }: Write): void {
  const file = join(root, path);
  if (!bytes) rmSync(file);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

/** As in a traced v3 flush: tree, closed chunks, metas, indexes, last chunks; here all chunks come last, which tears more. */
export function v3Rank(path: string): number {
  const order = [/version_control_info/, /commit_info/, /dataset_meta/, /tensor_meta/, /chunks\/[0-9a-f]+$/];
  const at = order.findIndex((pattern) => pattern.test(path));
  if (at < 0) return order.length - 1.5;
  return at;
}

/** As in a traced v4 commit: data files, counters, then the branch log that is the commit; `_meta` refers to commits that are there. */
export function v4Rank(path: string): number {
  if (!path.startsWith('_deeplake_log/')) return 0;
  if (path.endsWith('next_base')) return 1;
  return path.startsWith('_deeplake_log/_meta/') ? 3 : 2;
}

/** A source folder that tells every call before it is answered, and every page of a listing before it is given. */
export function watched(folder: SourceFolder, onCall: () => void): SourceFolder {
  const telling = new Proxy(folder, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        onCall();
        const result: unknown = value.apply(target, args);
        return name === 'list' ? pages(result as AsyncIterable<unknown>, onCall) : result;
      };
    },
  });
  return telling;
}

async function* pages<T>(of: AsyncIterable<T>, onCall: () => void): AsyncGenerator<T> {
  for await (const page of of) {
    onCall();
    yield page;
  }
}

/**
 * Copies what a plan says as the repository's engine does: a page may wait until the next barrier, what vanished is left out, the last entry of a
 * path counts. `onRead` is told before each file.
 */
export async function copyOf(files: AsyncIterable<PlannedFile[]>, root: string, onRead: () => void): Promise<MemoryView> {
  const copy = new MemoryView();
  const waiting: PlannedFile[] = [];
  const read = () => {
    for (const { path, kind } of waiting.splice(0)) {
      copy.files.delete(path);
      if (kind !== 'file') continue;
      onRead();
      try {
        copy.write(path, Uint8Array.from(readFileSync(join(root, path))));
      } catch {}
    }
  };
  for await (const page of files) {
    waiting.push(...page);
    if (page.length === 0 || waiting.length > 20) read();
  }
  read();
  return copy;
}
