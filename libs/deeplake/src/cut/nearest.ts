const KEPT_MAX = 50;

/** Names in the order of their likeness to `wanted`: those that begin alike first, then by the number of letters to change. At most 50. */
export function nearest(wanted: string, names: Iterable<string>): string[] {
  const scored = [...new Set(names)].map((name) => ({ name, score: scoreOf(wanted.toLowerCase(), name.toLowerCase()) }));
  return scored
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, KEPT_MAX)
    .map(({ name }) => name);
}

function scoreOf(wanted: string, name: string): number {
  return name.startsWith(wanted) || wanted.startsWith(name) ? -1 : distance(wanted.slice(0, 64), name.slice(0, 64));
}

/** Levenshtein's, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
