import { closeSync, constants, fchmodSync, fchownSync, futimesSync, openSync, writeSync } from 'node:fs';
import { TargetFailed } from '../errors.ts';
import type { TargetFile } from './messages.ts';

const { O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/** As root, owners come back too. */
const isRoot = process.getuid?.() === 0;

/** Seconds as Node takes them. It cuts to whole microseconds, so half of one is added to come out right; nanoseconds below that are lost. */
export const secondsOf = (timeNs: bigint): number => (Number(timeNs / 1000n) + 0.5) / 1e6;

/** Files that one job writes into, each opened once. The last path part is never followed when it is a link; those above it are the caller's care. */
export class TargetFiles {
  readonly #open = new Map<TargetFile, number>();

  write(file: TargetFile, bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length)
      done += this.#try('writing', file, (fd) => writeSync(fd, bytes, done, bytes.length - done, position + done));
  }

  /** Every byte is written: mode, owner, time, closed. mtime comes back to the microsecond, as far as Node sets it. */
  finish(file: TargetFile): void {
    this.#try('setting owner, mode and time of', file, (fd) => {
      if (isRoot) fchownSync(fd, file.uid, file.gid);
      fchmodSync(fd, file.mode);
      const time = secondsOf(file.mtimeNs);
      futimesSync(fd, time, time);
      closeSync(fd);
      this.#open.delete(file);
    });
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  #try<T>(doing: string, file: TargetFile, action: (fd: number) => T): T {
    try {
      return action(this.#fd(file));
    } catch (cause) {
      throw new TargetFailed(`Restore: ${doing} ${file.path}`, cause);
    }
  }

  #fd(file: TargetFile): number {
    const known = this.#open.get(file);
    if (known !== undefined) return known;
    const fd = openSync(file.path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600);
    this.#open.set(file, fd);
    return fd;
  }
}
