/** A file changed this shortly before it was read may change again without a visible sign (clock granularity). Source: DEEPLAKE.md 3.1 step 4. */
const RACY_NS = 50_000_000n;

/** Whether the times of a file prove nothing, when it is looked at at `nowMs`. */
export function isRacy({ mtimeNs, ctimeNs }: { mtimeNs: bigint; ctimeNs: bigint }, nowMs: number): boolean {
  const youngest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return youngest > BigInt(Math.floor(nowMs)) * 1_000_000n - RACY_NS;
}
