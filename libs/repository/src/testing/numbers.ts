import { hash } from 'node:crypto';

/** Numbers in [0, 1) that follow from a name alone. */
function uniform(name: string): () => number {
  let [block, at, counter] = [Buffer.alloc(0), 0, 0];
  return () => {
    if (at >= block.length) [block, at] = [hash('sha256', `${name} ${counter++}`, 'buffer'), 0];
    at += 4;
    return block.readUInt32LE(at - 4) / 2 ** 32;
  };
}

function normals(name: string, count: number): number[] {
  const next = uniform(name);
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
}

const bytesOf = (array: Float32Array | Float64Array | BigInt64Array): Buffer => Buffer.from(array.buffer);

/** Embeddings as they are in data sets: normal float32. */
export const float32s = (count: number): Buffer => bytesOf(Float32Array.from(normals('float32', count)));

/** float32 whose low bits are zero, as after a cast from half precision. */
export function halfPrecision(count: number): Buffer {
  const words = new Uint32Array(Float32Array.from(normals('half', count)).buffer);
  return Buffer.from(words.map((word) => word & 0xffffe000).buffer);
}

export const float64s = (count: number): Buffer => bytesOf(Float64Array.from(normals('float64', count)));

/** Ids: int64, one after the other. */
export const int64s = (count: number): Buffer => bytesOf(BigInt64Array.from({ length: count }, (_, i) => BigInt(1_000_000 + i)));

/** English of a sort. */
export function words(bytes: number): Buffer {
  const next = uniform('words');
  const list = ['the', 'data', 'of', 'a', 'model', 'that', 'learns', 'vectors', 'from', 'text', 'and', 'images', 'is', 'stored'];
  let text = '';
  while (text.length < bytes) text += `${list[Math.floor(next() * list.length)]} `;
  return Buffer.from(text.slice(0, bytes));
}
