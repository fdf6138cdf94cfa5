/** Writes a v3 chunk (format 1 of v4) for tests: shape rows and position rows are given flat. */
export function chunkBytes(options: {
  version?: string;
  shapes?: number[];
  columns?: number;
  positions?: number[];
  data?: Uint8Array;
}): Uint8Array {
  const { version = '3.9.52', shapes = [], columns = 2, positions = [], data = new Uint8Array(0) } = options;
  const head = [
    version.length,
    ...Buffer.from(version),
    ...words([shapes.length / columns, columns, ...shapes, positions.length / 3, ...positions]),
  ];
  return Uint8Array.from([...head, ...data]);
}

export function words(values: readonly number[]): number[] {
  return values.flatMap((v) => [v & 255, (v >>> 8) & 255, (v >>> 16) & 255, (v >>> 24) & 255]);
}
