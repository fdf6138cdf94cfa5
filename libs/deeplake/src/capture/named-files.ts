import type { FileReference } from '../v4/operation.ts';

/** What decides where a data file is cut: the blocks that lie in it. */
export type BlockPlace = Pick<FileReference, 'headerBytes' | 'packed'>;

const NO_BLOCK = -1;
const NOTHING: readonly BlockPlace[] = [];

/**
 * The files that logs name, with what their chunkers need, by path: some 110 bytes a file, where what a log says of it takes a thousand. Most files hold
 * one block and are kept as the bytes of its header.
 */
export class NamedFiles {
  readonly #files = new Map<string, number | BlockPlace[]>();

  /** A file that is named again may hold one block more. Index files, which have no format, hold none. */
  add({ path, headerBytes = 0, packed, format }: FileReference): void {
    const known = this.#files.get(path);
    if (!format) {
      if (known === undefined) this.#files.set(path, NO_BLOCK);
    } else if (known === undefined || known === NO_BLOCK) {
      this.#files.set(path, packed ? [{ headerBytes, packed }] : headerBytes);
    } else this.#files.set(path, withBlock(known, { headerBytes, packed }));
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Undefined: no log names the file. */
  blocksOf(path: string): readonly BlockPlace[] | undefined {
    const known = this.#files.get(path);
    if (known === undefined || typeof known !== 'number') return known;
    return known === NO_BLOCK ? NOTHING : [{ headerBytes: known, packed: undefined }];
  }
}

function withBlock(known: number | BlockPlace[], block: BlockPlace): number | BlockPlace[] {
  const blocks = typeof known === 'number' ? [{ headerBytes: known, packed: undefined }] : known;
  const isKnown = blocks.some(({ packed }) => packed?.offset === block.packed?.offset && packed?.length === block.packed?.length);
  if (isKnown) return known;
  return [...blocks, block];
}
