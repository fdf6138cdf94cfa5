import type { DatasetView, ListedFile } from '../dataset-view.ts';

/** A data set in memory, for damage tests: files can be set, cut and removed, and every read is remembered. */
export class MemoryView implements DatasetView {
  readonly files = new Map<string, Uint8Array>();
  readonly reads: { path: string; bytes: number }[] = [];

  static async of(view: DatasetView): Promise<MemoryView> {
    const copy = new MemoryView();
    for await (const page of view.list()) for (const { path } of page) copy.files.set(path, await view.read(path));
    return copy;
  }

  clone(): MemoryView {
    const copy = new MemoryView();
    for (const [path, bytes] of this.files) copy.files.set(path, bytes.slice());
    return copy;
  }

  /** The first path that fits; a test that damages nothing must fail. */
  find(pattern: RegExp): string {
    const path = [...this.files.keys()].sort().find((p) => pattern.test(p));
    if (path === undefined) throw new Error(`no file fits ${pattern}`);
    return path;
  }

  text(path: string): string {
    return new TextDecoder().decode(this.#get(path));
  }

  write(path: string, content: string | Uint8Array): void {
    this.files.set(path, typeof content === 'string' ? new TextEncoder().encode(content) : content);
  }

  edit(path: string, change: (bytes: Uint8Array) => Uint8Array | undefined): void {
    const bytes = this.#get(path).slice();
    this.files.set(path, change(bytes) ?? bytes);
  }

  editText(path: string, change: (text: string) => string): void {
    const before = this.text(path);
    const after = change(before);
    if (after === before) throw new Error(`${path} was not changed`);
    this.write(path, after);
  }

  async *list(): AsyncIterable<ListedFile[]> {
    yield [...this.files].map(([path, bytes]) => ({ path, size: bytes.length }));
  }

  async read(path: string, range?: { start: number; end: number }): Promise<Uint8Array> {
    const bytes = this.#get(path);
    const { start, end } = range ?? { start: 0, end: bytes.length };
    if (start < 0 || end > bytes.length || start > end) throw new Error(`${path}: range ${start}-${end} of ${bytes.length} bytes`);
    this.reads.push({ path, bytes: end - start });
    return bytes.slice(start, end);
  }

  #get(path: string): Uint8Array {
    const bytes = this.files.get(path);
    if (!bytes) throw new Error(`${path} is missing`);
    return bytes;
  }
}
