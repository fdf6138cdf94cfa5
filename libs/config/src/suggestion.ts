/** ' Did you mean X?' for the known name that is nearest to a mistyped one; '' when none is near. `shown` turns it into what the user would type. */
export function suggestion(name: string, known: readonly string[], shown: (name: string) => string = (n) => n): string {
  const near = known.map((k) => ({ k, distance: editDistance(name, k) })).sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= Math.min(3, Math.ceil(name.length / 3)) ? ` Did you mean ${shown(near.k)}?` : '';
}

/** Levenshtein's distance: single-letter edits from one word to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
