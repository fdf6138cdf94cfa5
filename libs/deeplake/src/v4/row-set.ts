/** A set of row offsets of one block, as sorted disjoint ranges: memory follows the number of ranges in the log, never the numbers in them. */
export class RowSet {
  /** start, end, start, end, …; ends are exclusive. */
  #bounds: number[] = [];
  size = 0;

  /** Adds ranges in any order; overlaps count once. @returns how many offsets were new. */
  add(ranges: readonly { readonly offset: number; readonly count: number }[]): number {
    const all = [...pairs(this.#bounds), ...ranges.map(({ offset, count }) => [offset, offset + count] as const)];
    all.sort((a, b) => a[0] - b[0]);
    const before = this.size;
    this.#bounds = [];
    this.size = 0;
    for (const [start, end] of all) this.#append(start, end);
    return this.size - before;
  }

  /** The rows that are not in another set. */
  without(other: RowSet): RowSet {
    const left = new RowSet();
    const holes = [...pairs(other.#bounds)];
    let at = 0;
    for (let [start, end] of pairs(this.#bounds)) {
      while (at < holes.length && holes[at]![1] <= start) at++;
      for (let i = at; i < holes.length && holes[i]![0] < end; i++) {
        left.#append(start, Math.max(start, holes[i]![0]));
        start = Math.max(start, holes[i]![1]);
      }
      left.#append(start, end);
    }
    return left;
  }

  *ranges(): Generator<{ offset: number; count: number }> {
    for (const [start, end] of pairs(this.#bounds)) yield { offset: start, count: end - start };
  }

  #append(start: number, end: number): void {
    const last = this.#bounds.length - 1;
    const from = last < 0 ? start : Math.max(start, this.#bounds[last]!);
    if (end <= from) return;
    this.size += end - from;
    if (last >= 0 && start <= this.#bounds[last]!) this.#bounds[last] = end;
    else this.#bounds.push(start, end);
  }
}

function* pairs(bounds: readonly number[]): Generator<readonly [number, number]> {
  for (let i = 0; i < bounds.length; i += 2) yield [bounds[i]!, bounds[i + 1]!];
}
