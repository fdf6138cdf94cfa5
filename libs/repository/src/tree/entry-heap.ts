import { isPinned } from '../format/tree-entry.ts';
import type { LeafEntry } from '../format/tree-page.ts';
import { comparePaths } from '../format/tree-path.ts';
import type { Amount, CaptureFinding } from '../types.ts';

const ARENA_BYTES = 1024 * 1024;

interface Place {
  /** Which reading of the path it is from: a later one wins, in whatever order results come. */
  readonly turn: number;
  /** Missing: the path has no entry (taken back, or could not be read). */
  readonly arena?: Buffer;
  readonly start: number;
  readonly end: number;
  /** Bytes of the file; -1 for what is no file. */
  readonly size: number;
  readonly finding?: CaptureFinding;
}

/** Tree entries of one data set while it is captured, in any order. Bodies lie in shared arenas: about 250 bytes a path. */
export class EntryHeap {
  readonly #places = new Map<string, Place>();
  #arena: Buffer = Buffer.alloc(0);
  #used = 0;

  /** @param size bytes of the file behind the entry; undefined for what is no file. */
  put(path: string, turn: number, body: Uint8Array | undefined, size: number | undefined, finding?: CaptureFinding): void {
    if ((this.#places.get(path)?.turn ?? -1) > turn) return;
    if (!body) {
      this.#places.set(path, { turn, start: 0, end: 0, size: -1, finding });
      return;
    }
    if (this.#used + body.length > this.#arena.length) {
      this.#arena = Buffer.allocUnsafeSlow(Math.max(ARENA_BYTES, body.length));
      this.#used = 0;
    }
    const [start, end] = [this.#used, this.#used + body.length];
    this.#arena.set(body, start);
    this.#used = end;
    this.#places.set(path, { turn, arena: this.#arena, start, end, size: size ?? -1, finding });
  }

  /** Files and the sum of their sizes, those of them that are only pinned, and what was found on the way. */
  totals(): { objects: number; bytes: number; pinned: Amount; findings: CaptureFinding[] } {
    const findings: CaptureFinding[] = [];
    const pinned = { objects: 0, bytes: 0 };
    let [objects, bytes] = [0, 0];
    for (const { arena, start, size, finding } of this.#places.values()) {
      if (finding) findings.push(finding);
      if (size < 0) continue;
      objects++;
      bytes += size;
      if (!isPinned(arena!.subarray(start))) continue;
      pinned.objects++;
      pinned.bytes += size;
    }
    return { objects, bytes, pinned, findings };
  }

  /** In byte order of the paths. */
  *sorted(): Generator<LeafEntry> {
    for (const path of [...this.#places.keys()].sort(comparePaths)) {
      const { arena, start, end } = this.#places.get(path)!;
      if (arena) yield { path: Buffer.from(path), body: arena.subarray(start, end) };
    }
  }
}
