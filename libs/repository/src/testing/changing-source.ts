import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const digest = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of each file by path. */
export type Contents = Readonly<Record<string, string>>;

/** A folder of a few files that changes, and says what it holds. `random`: in [0, 1). */
export class ChangingSource {
  readonly datasetId: string;
  readonly root: string;
  readonly #random: () => number;
  #made = 0;

  /** @param root an empty folder. */
  constructor(datasetId: string, root: string, random: () => number) {
    this.datasetId = datasetId;
    this.root = root;
    this.#random = random;
    for (let i = 0; i < 5; i++) this.change();
  }

  /** Adds, rewrites, edits or removes a file: empty ones, small ones that lie inline, and some of several pieces; the same bytes come again now and then. */
  change(): void {
    const names = readdirSync(this.root);
    const name = names[Math.floor(this.#random() * names.length)];
    const dice = this.#random();
    if (name === undefined || dice < 0.5) writeFileSync(join(this.root, `file-${this.#made++}`), this.#bytes());
    else if (dice < 0.6 && names.length > 2) rmSync(join(this.root, name));
    else if (dice < 0.8) writeFileSync(join(this.root, name), this.#bytes());
    else writeFileSync(join(this.root, name), this.#edited(readFileSync(join(this.root, name))));
  }

  contents(): Contents {
    return Object.fromEntries(readdirSync(this.root).map((name) => [name, digest(readFileSync(join(this.root, name)))]));
  }

  /** Up to 60 KB of hashes of a counter, which do not compress; one of 40 such rows, so that files share pieces. */
  #bytes(): Buffer {
    const row = Math.floor(this.#random() * 40);
    const length = Math.floor(this.#random() ** 3 * 60_000);
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => Buffer.from(digest(`${row} ${i}`), 'hex'));
    return Buffer.concat(blocks).subarray(0, length);
  }

  #edited(bytes: Buffer): Buffer {
    if (bytes.length > 0) bytes[Math.floor(this.#random() * bytes.length)]! ^= 1;
    return bytes;
  }
}
