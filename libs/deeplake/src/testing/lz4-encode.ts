/** One step of an LZ4 block: literals, then (not in the last step) a copy of `length` bytes from `distance` back. */
export interface Lz4Step {
  readonly literals: Uint8Array;
  readonly distance?: number;
  readonly length?: number;
}

/** Writes a block from its steps and the bytes it stands for: an independent model for tests of the decoder. */
export function encodeLz4(steps: readonly Lz4Step[]): { block: Uint8Array; content: Uint8Array } {
  const block: number[] = [];
  const content: number[] = [];
  for (const { literals, distance, length } of steps) {
    const match = distance === undefined ? 0 : length! - 4;
    block.push((Math.min(literals.length, 15) << 4) | Math.min(match, 15), ...extension(literals.length), ...literals);
    content.push(...literals);
    if (distance === undefined) continue;
    block.push(distance & 255, distance >>> 8, ...extension(match));
    for (let i = 0; i < length!; i++) content.push(content[content.length - distance]!);
  }
  return { block: Uint8Array.from(block), content: Uint8Array.from(content) };
}

function extension(length: number): number[] {
  if (length < 15) return [];
  const rest = length - 15;
  return [...new Array<number>(Math.floor(rest / 255)).fill(255), rest % 255];
}

/** A block of literals only, with the u32 size in front: what a `.jsonl.lz4` file or an lz4 chunk may hold. */
export function sizedLz4(content: Uint8Array): Uint8Array {
  const { block } = encodeLz4([{ literals: content }]);
  const bytes = new Uint8Array(4 + block.length);
  new DataView(bytes.buffer).setUint32(0, content.length, true);
  bytes.set(block, 4);
  return bytes;
}
