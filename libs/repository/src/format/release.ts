/** Smaller ones may share their memory with others (Node's buffer pool), and are cheap to make and to collect. */
const KEPT_FROM_BYTES = 128 * 1024;
/** Most that a thread keeps: two of what the largest piece takes, and a little. */
const KEPT_BYTES_MAX = 9 * 1024 * 1024;
/** New ones get a size of this grain, so that those of pieces of nearly one size serve each other. */
const GRAIN_BYTES = 64 * 1024;

/** Memory that was given back to this thread, smallest first. */
const kept: ArrayBuffer[] = [];
let keptBytes = 0;
/** What was made here. What zstd returns is never asked for again, and kept it would take the place of what is. */
const ours = new WeakSet<ArrayBufferLike>();

/** A buffer whose content is not defined, from what `release` was given if something fits. Fresh memory costs a page fault every 4 KiB: more than what is done with it. */
export function obtain(length: number): Buffer {
  if (length < KEPT_FROM_BYTES) return Buffer.allocUnsafeSlow(length);
  const at = kept.findIndex(({ byteLength }) => byteLength >= length);
  if (at < 0 || kept[at]!.byteLength > 2 * length) return made(length);
  const [buffer] = kept.splice(at, 1);
  keptBytes -= buffer!.byteLength;
  return Buffer.from(buffer!, 0, length);
}

function made(length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Math.ceil(length / GRAIN_BYTES) * GRAIN_BYTES);
  ours.add(bytes.buffer);
  return bytes.subarray(0, length);
}

/**
 * Gives the memory of a large temporary back at once, without waiting for the collector: the next piece reuses the same warm pages. The bytes, and every
 * view of the same memory, are empty afterwards: only for what nobody else holds.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  const size = buffer.byteLength;
  if (size < KEPT_FROM_BYTES || !(buffer instanceof ArrayBuffer)) return;
  if (!ours.has(buffer) || keptBytes + size > KEPT_BYTES_MAX) {
    buffer.transfer(0);
    return;
  }
  const at = kept.findIndex(({ byteLength }) => byteLength > size);
  const moved = buffer.transfer();
  ours.add(moved);
  kept.splice(at < 0 ? kept.length : at, 0, moved);
  keptBytes += size;
}
