/** Every file system's blocks and every device's sectors divide it. */
export const PAGE_BYTES = 4096;

/**
 * Zeros that begin at a page boundary, which is what a disk needs to take bytes from memory without a copy. Memory that may be resized is mapped by V8
 * itself, page by page; other buffers come from malloc, with 16 bytes of its own before them. `transfer(0)` and `resize(0)` give it back at once.
 */
export function pageMemory(bytes: number): ArrayBuffer {
  return new ArrayBuffer(bytes, { maxByteLength: bytes });
}

/** Whole pages of such memory. */
export function areWholePages(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes;
  return 'resizable' in buffer && buffer.resizable && byteOffset % PAGE_BYTES === 0 && length % PAGE_BYTES === 0;
}
