import { open, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DatasetView, ListedFile } from '../dataset-view.ts';

/** A plain folder as a data set, for tests. */
export class FolderView implements DatasetView {
  readonly root: string;
  constructor(root: string) {
    this.root = root;
  }

  async *list(): AsyncIterable<ListedFile[]> {
    for (const entry of await readdir(this.root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const full = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = await stat(full);
      yield [{ path: relative(this.root, full), size, mtimeMs, kind: 'file' }];
    }
  }

  async read(path: string, range?: { start: number; end: number }): Promise<Uint8Array> {
    const file = await open(join(this.root, path), 'r');
    try {
      const { size } = await file.stat();
      const { start, end } = range ?? { start: 0, end: size };
      if (start < 0 || end > size || start > end) throw new Error(`${path}: range ${start}-${end} of ${size} bytes`);
      const buffer = new Uint8Array(end - start);
      await file.read(buffer, 0, buffer.length, start);
      return buffer;
    } finally {
      await file.close();
    }
  }
}
