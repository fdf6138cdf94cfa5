import { createHash, type Hash } from 'node:crypto';
import type { SourceFile } from '@dr/storage';

/** File systems keep times by the tick of a clock: a file changed within it after it was read may still look the same. Source: DEEPLAKE.md 3.1 step 4. */
export const TICK_MS = 50;
const TICK_NS = BigInt(TICK_MS) * 1_000_000n;

/** What must be equal for an entry to count as the same. Of a folder only what a restore brings back. */
export function identityOf({ kind, size, mode, uid, gid, mtimeNs, ctimeNs, ino, linkTarget }: SourceFile): string {
  if (kind === 'dir') return `dir ${mode} ${uid} ${gid} ${mtimeNs}`;
  const times = `${mtimeNs.toString(36)} ${ctimeNs.toString(36)}`;
  return `${kind} ${size} ${times} ${ino.toString(36)}${linkTarget === undefined ? '' : ` ${linkTarget}`}`;
}

/** Was it changed so shortly before `nowMs` that its identity proves nothing? */
export function isRacy(file: SourceFile, nowMs: number): boolean {
  return file.kind === 'file' && changedAtNs(file) > BigInt(Math.floor(nowMs)) * 1_000_000n - TICK_NS;
}

export function changedAtNs({ mtimeNs, ctimeNs }: SourceFile): bigint {
  return mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
}

/** Digest of what a listing shows, in its order. Folders count by their names, their times only tell that entries came or went; unless it is to be `exact`. */
export class ListingDigest {
  readonly #hash: Hash = createHash('sha256');
  readonly #exact: boolean;

  constructor(exact = false) {
    this.#exact = exact;
  }

  add({ path, kind }: SourceFile, identity: string): void {
    this.#hash.update(`${path}\0${kind === 'dir' && !this.#exact ? kind : identity}\n`);
  }

  value(): string {
    return this.#hash.digest('hex');
  }
}
