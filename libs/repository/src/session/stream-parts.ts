import { PIECE_BYTES_MAX } from '../format/record.ts';
import { INLINE_BYTES_MAX } from '../format/tree-entry.ts';

/** A last part that would be so short gets this much of the one before it. */
const LEND_BYTES = 64 * 1024;

/**
 * Bytes of unknown length as parts of which each becomes one piece, in buffers of their own: of the longest length but the last two, none short enough to be kept
 * inline unless it is the only one. One that is empty: there were no bytes. Holds two parts at a time.
 */
export async function* partsOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const part of fullParts(stream)) {
    if (held && part.length <= INLINE_BYTES_MAX) {
      const cut = held.length - LEND_BYTES;
      yield held.slice(0, cut);
      held = Buffer.concat([held.subarray(cut), part]);
      continue;
    }
    if (held) yield held;
    held = part;
  }
  yield held ?? new Uint8Array(0);
}

/** Parts of the longest length; the last is what is left, if anything is. */
async function* fullParts(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let part = Buffer.allocUnsafeSlow(PIECE_BYTES_MAX);
  let used = 0;
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(bytes.length - at, PIECE_BYTES_MAX - used);
      part.set(bytes.subarray(at, at + taken), used);
      [at, used] = [at + taken, used + taken];
      if (used < PIECE_BYTES_MAX) continue;
      yield part;
      part = Buffer.allocUnsafeSlow(PIECE_BYTES_MAX);
      used = 0;
    }
  }
  if (used > 0) yield part.subarray(0, used);
}
