/**
 * The numbers 0 to `count` - 1 in the order that `compare` gives, equal ones as they were. Merges the stretches that are in order already, so what comes
 * sorted costs one comparison each, and memory is 8 bytes each whatever the order.
 */
export function sortedOrder(count: number, compare: (a: number, b: number) => number): Uint32Array {
  let from = Uint32Array.from({ length: count }, (_, i) => i);
  let runs = naturalRuns(from, compare);
  let to = runs.length > 2 ? new Uint32Array(count) : from;
  for (; runs.length > 2; [from, to] = [to, from]) {
    const merged = [0];
    for (let run = 0; run + 1 < runs.length; run += 2) {
      const [start, middle, end] = [runs[run]!, runs[run + 1]!, runs[run + 2] ?? runs[run + 1]!];
      merge(from, to, start, middle, end, compare);
      merged.push(end);
    }
    runs = merged;
  }
  return from;
}

/** Where stretches that are in order begin, and the end of the last. */
function naturalRuns(order: Uint32Array, compare: (a: number, b: number) => number): number[] {
  const runs = [0];
  for (let i = 1; i < order.length; i++) if (compare(order[i - 1]!, order[i]!) > 0) runs.push(i);
  runs.push(order.length);
  return runs;
}

function merge(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  let [left, right] = [start, middle];
  for (let at = start; at < end; at++) {
    const takeLeft = left < middle && (right >= end || compare(from[left]!, from[right]!) <= 0);
    to[at] = takeLeft ? from[left++]! : from[right++]!;
  }
}
