import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const bytesMax = 10 * 1024 * 1024;
const olderFiles = 3;

/** A log file that is moved aside at 10 MB (`x.log.1` is the newest of three), so that logs never fill a disk. */
export class RotatingLog {
  readonly file: string;
  private fd: number;
  private size: number;
  private readonly limit: number;

  constructor(file: string, limit = bytesMax) {
    this.file = file;
    this.limit = limit;
    this.fd = openSync(file, 'a', 0o600);
    this.size = fstatSync(this.fd).size;
  }

  write(bytes: Uint8Array | string): void {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    if (this.size + chunk.length > this.limit && this.size > 0) this.rotate();
    writeSync(this.fd, chunk);
    this.size += chunk.length;
  }

  close(): void {
    closeSync(this.fd);
  }

  private rotate(): void {
    closeSync(this.fd);
    for (let n = olderFiles; n > 0; n -= 1) {
      const older = n === 1 ? this.file : `${this.file}.${n - 1}`;
      if (existsSync(older)) renameSync(older, `${this.file}.${n}`);
    }
    this.fd = openSync(this.file, 'a', 0o600);
    this.size = 0;
  }
}
