import type { LeafEntry } from '../format/tree-page.ts';
import type { CaptureFinding } from '../types.ts';
import { sortedOrder } from './sorted-order.ts';

const ARENA_BYTES = 1024 * 1024;
const FIRST_ENTRIES = 1024;
const NO_BODY = -1;

/** What was put last under a path. Without body: the path has no entry (taken back, or could not be read). Views are valid until the log is let go of. */
export interface LoggedEntry extends Partial<LeafEntry> {
  readonly path: Buffer;
  readonly turn: number;
  /** Bytes of the file; -1 for what is no file. */
  readonly size: number;
  readonly finding?: CaptureFinding;
}

/**
 * Tree entries of one data set while it is captured, in any order: of a path the one with the highest turn counts, in whatever order they come. Paths and
 * bodies lie in shared arenas, so a path costs 32 bytes beside them; they are sorted at the end, which is quick, since most come in order.
 */
export class EntryLog {
  readonly #arenas: Buffer[] = [];
  #used = 0;
  #count = 0;
  /** Per entry: arena, offset, bytes of the path, bytes of the body or NO_BODY, turn. */
  #places = new Int32Array(FIRST_ENTRIES * 5);
  #sizes = new Float64Array(FIRST_ENTRIES);
  readonly #findings = new Map<number, CaptureFinding>();

  /** @param size bytes of the file behind the entry; undefined for what is no file. */
  put(path: string, turn: number, body: Uint8Array | undefined, size: number | undefined, finding?: CaptureFinding): void {
    const entry = this.#count++;
    if (entry === this.#sizes.length) this.#grow();
    const arena = this.#arena(3 * path.length + (body?.length ?? 0));
    const pathBytes = arena.write(path, this.#used);
    if (body) arena.set(body, this.#used + pathBytes);
    this.#places.set([this.#arenas.length - 1, this.#used, pathBytes, body?.length ?? NO_BODY, turn], entry * 5);
    this.#sizes[entry] = size ?? -1;
    this.#used += pathBytes + (body?.length ?? 0);
    if (finding) this.#findings.set(entry, finding);
  }

  /** The entry of each path that counts, in byte order of the paths. */
  *sorted(): Generator<LoggedEntry> {
    let waiting: LoggedEntry | undefined;
    for (const entry of sortedOrder(this.#count, (a, b) => this.#compare(a, b))) {
      const next = this.#entry(entry);
      if (waiting && !waiting.path.equals(next.path)) yield waiting;
      waiting = next;
    }
    if (waiting) yield waiting;
  }

  /** By path, then turn. */
  #compare(a: number, b: number): number {
    const [places, arenas] = [this.#places, this.#arenas];
    const [x, y] = [a * 5, b * 5];
    const [atX, atY] = [places[x + 1]!, places[y + 1]!];
    const order = arenas[places[x]!]!.compare(arenas[places[y]!]!, atY, atY + places[y + 2]!, atX, atX + places[x + 2]!);
    return order || places[x + 4]! - places[y + 4]!;
  }

  #entry(entry: number): LoggedEntry {
    const [arenaAt, at, pathBytes, bodyBytes, turn] = this.#places.subarray(entry * 5, entry * 5 + 5) as unknown as number[];
    const arena = this.#arenas[arenaAt!]!;
    const bodyAt = at! + pathBytes!;
    const body = bodyBytes === NO_BODY ? {} : { body: arena.subarray(bodyAt, bodyAt + bodyBytes!) };
    const finding = this.#findings.get(entry);
    return { path: arena.subarray(at, bodyAt), ...body, turn: turn!, size: this.#sizes[entry]!, ...(finding && { finding }) };
  }

  #arena(bytes: number): Buffer {
    const last = this.#arenas.at(-1);
    if (last && this.#used + bytes <= last.length) return last;
    const arena = Buffer.allocUnsafeSlow(Math.max(ARENA_BYTES, bytes));
    this.#arenas.push(arena);
    this.#used = 0;
    return arena;
  }

  #grow(): void {
    const [places, sizes] = [new Int32Array(this.#places.length * 2), new Float64Array(this.#sizes.length * 2)];
    places.set(this.#places);
    sizes.set(this.#sizes);
    [this.#places, this.#sizes] = [places, sizes];
  }
}
