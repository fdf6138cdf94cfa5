/**
 * A Bloom filter over id prefixes: 8 bits an entry, 4 probes (about 2.4 % false yes, never a false no). Ids are MACs, so their own bits are the hashes:
 * probe i is the little-endian u32 at byte 4*i of the prefix, modulo the number of bits. An index too large for memory keeps only this.
 */
export function buildFilter(prefixes: Iterable<Uint8Array>, entries: number): Buffer {
  const filter = Buffer.alloc(Math.max(8, entries));
  for (const prefix of prefixes)
    eachProbe(prefix, filter.length, (byte, bit) => {
      filter[byte]! |= bit;
      return true;
    });
  return filter;
}

/** false = certainly not in the segment. */
export function mayHold(filter: Uint8Array, prefix: Uint8Array): boolean {
  return eachProbe(prefix, filter.length, (byte, bit) => (filter[byte]! & bit) !== 0);
}

function eachProbe(prefix: Uint8Array, bytes: number, visit: (byte: number, bit: number) => boolean): boolean {
  const view = new DataView(prefix.buffer, prefix.byteOffset, 16);
  for (let i = 0; i < 4; i++) {
    const probe = view.getUint32(4 * i, true) % (bytes * 8);
    if (!visit(probe >>> 3, 1 << (probe & 7))) return false;
  }
  return true;
}
