export interface NumericSummary {
  readonly min: number;
  readonly max: number;
  readonly sum: number;
}

type ReadValue = (view: DataView, at: number) => number;

const READERS: Readonly<Record<string, readonly [number, ReadValue]>> = {
  int8: [1, (v, at) => v.getInt8(at)],
  uint8: [1, (v, at) => v.getUint8(at)],
  int16: [2, (v, at) => v.getInt16(at, true)],
  uint16: [2, (v, at) => v.getUint16(at, true)],
  int32: [4, (v, at) => v.getInt32(at, true)],
  uint32: [4, (v, at) => v.getUint32(at, true)],
  int64: [8, (v, at) => Number(v.getBigInt64(at, true))],
  uint64: [8, (v, at) => Number(v.getBigUint64(at, true))],
  float32: [4, (v, at) => v.getFloat32(at, true)],
  float64: [8, (v, at) => v.getFloat64(at, true)],
};

/** Bytes of one value, undefined for types without a fixed width. */
export function itemBytes(dtype: string | undefined): number | undefined {
  if (dtype === 'bool') return 1;
  if (dtype === 'float16') return 2;
  return dtype !== undefined && Object.hasOwn(READERS, dtype) ? READERS[dtype]![0] : undefined;
}

/** Smallest, largest and sum of little-endian values. Undefined for unknown types, no values, or values that are not finite. */
export function summarise(dtype: string | undefined, data: Uint8Array): NumericSummary | undefined {
  if (dtype === undefined || !Object.hasOwn(READERS, dtype)) return undefined;
  const [width, read] = READERS[dtype]!;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let at = 0; at + width <= data.length; at += width) {
    const value = read(view, at);
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  return Number.isFinite(min) && Number.isFinite(max) && Number.isFinite(sum) ? { min, max, sum } : undefined;
}
