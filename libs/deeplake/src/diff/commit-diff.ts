import { Malformed } from '../errors.ts';

/** A v3 tensor's `commit_diff`: what one commit did to its rows. Indexes of updated and deleted rows are those of the parent commit. */
export interface CommitDiff {
  readonly added: number;
  readonly updated: ReadonlySet<number>;
  readonly deleted: ReadonlySet<number>;
  readonly cleared: boolean;
}

/**
 * Parses it: flags created, info updated, transformed; u64 first and end of the added rows; u64 count, then the updated rows; flag cleared; u64 count,
 * then the deleted rows and as many sample ids. Big-endian. The end may be missing in old files. @throws Malformed.
 */
export function parseCommitDiff(bytes: Uint8Array): CommitDiff {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 3;
  const u64 = (): number => {
    if (at + 8 > bytes.length) throw new Malformed(`commit diff: cut at ${bytes.length} bytes`);
    const value = view.getBigInt64(at);
    at += 8;
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < -BigInt(Number.MAX_SAFE_INTEGER))
      throw new Malformed(`commit diff: ${value} is impossible`);
    return Number(value);
  };
  const list = (): Set<number> => {
    const count = u64();
    if (count < 0 || count > (bytes.length - at) / 8) throw new Malformed(`commit diff: ${count} rows do not fit`);
    return new Set(Array.from({ length: count }, u64));
  };
  const [first, end] = [u64(), u64()];
  const updated = list();
  const cleared = bytes[at++] === 1;
  return { added: Math.max(0, end - first), updated, deleted: at < bytes.length ? list() : new Set(), cleared };
}
