/** Reads `length` bytes of a file at `position`; fewer only at its end. The result is valid until the next call. */
export type ReadAt = (position: number, length: number) => Buffer;

const VERSION_LENGTH_MAX = 32;

/**
 * Where the header of a Deep Lake v3 chunk ends: u8 length, ASCII version, i32 rows, i32 cols, rows*cols u32, u32 n, n*3 u32 (DEEPLAKE.md 1.4).
 * @returns 0 for a file that is no such chunk: a guess only moves cuts, it never loses bytes.
 */
export function v3HeaderEnd(read: ReadAt, size: number): number {
  const head = read(0, Math.min(size, 1 + VERSION_LENGTH_MAX + 8));
  const versionLength = head[0] ?? 0;
  if (versionLength === 0 || versionLength > VERSION_LENGTH_MAX || head.length < 1 + versionLength + 8) return 0;
  if (!/^\d+\.\d+[0-9A-Za-z.+-]*$/.test(head.toString('latin1', 1, 1 + versionLength))) return 0;
  const rows = head.readInt32LE(1 + versionLength);
  const cols = head.readInt32LE(5 + versionLength);
  const positionsAt = 1 + versionLength + 8 + rows * cols * 4;
  if (rows < 0 || cols < 0 || positionsAt + 4 > size) return 0;
  const end = positionsAt + 4 + read(positionsAt, 4).readUInt32LE(0) * 12;
  return end < size ? end : 0;
}
