import type { ObjectKey, ObjectStore } from '@dr/storage';
import { mapLimited } from '../concurrency.ts';
import { Damaged, OpenedForReading } from '../errors.ts';
import { checkBackupId } from '../format/object-names.ts';
import { type Belonging, FORMAT_VERSION, SALT_BYTES, type SecretOf } from '../format/seal.ts';
import { decodeSealed, encodeSealed } from '../format/sealed-json.ts';
import { putSurely } from '../session/put-surely.ts';
import { damageOf, decoding } from '../tenant-scope.ts';

/** Words that users gave to an operation or a key, as JSON. */
export interface StoredWords {
  readonly id: string;
  /** They were changed n - 1 times; an object is never changed, the newest one counts. */
  readonly n: number;
  readonly value: Record<string, unknown>;
}

/**
 * Words of users (descriptions, metadata), which must be erasable and so are in no event: one object per operation and change, under the tenant's own
 * key, deleted with the tenant or by itself.
 */
export interface WordsArchive {
  /** @returns 'exists' when something was put under this number before, perhaps by us. */
  put(words: StoredWords): Promise<'created' | 'exists'>;
  /** The newest words of each id. What is damaged goes to `onDamaged`. */
  all(onDamaged: (error: Damaged) => void): Promise<StoredWords[]>;
}

export interface WordsScope {
  readonly store: ObjectStore;
  readonly mode: 'read' | 'write';
  /** 'words/', below the tenant's part. */
  readonly prefix: string;
  readonly belonging: Belonging;
  readonly secretOf: SecretOf;
  readonly random: (bytes: number) => Uint8Array;
}

type Body = { readonly format: number; readonly value: Record<string, unknown> };

const READS_AT_ONCE = 16;

export class OpenedWords implements WordsArchive {
  readonly #scope: WordsScope;

  constructor(scope: WordsScope) {
    this.#scope = scope;
  }

  async put({ id, n, value }: StoredWords): Promise<'created' | 'exists'> {
    const { store, mode, belonging, secretOf, random } = this.#scope;
    if (mode !== 'write') throw new OpenedForReading('Keeping the words of users');
    const key = this.#key(id, n);
    const body: Body = { format: FORMAT_VERSION, value };
    return putSurely(store, key, encodeSealed('words', key, belonging, secretOf(belonging.epoch), random(SALT_BYTES), body));
  }

  async all(onDamaged: (error: Damaged) => void): Promise<StoredWords[]> {
    const newest = [...(await this.#newest())];
    const read = await mapLimited(newest, READS_AT_ONCE, ([id, n]) => this.#read(id, n, onDamaged));
    return read.filter((words) => words !== undefined);
  }

  async #newest(): Promise<Map<string, number>> {
    const newest = new Map<string, number>();
    const { store, prefix } = this.#scope;
    for await (const page of store.list(prefix)) {
      for (const { key } of page) {
        const [, id, n] = /^(.+)-([1-9][0-9]{0,8})$/.exec(key.slice(prefix.length)) ?? [];
        if (id !== undefined) newest.set(id, Math.max(newest.get(id) ?? 0, Number(n)));
      }
    }
    return newest;
  }

  async #read(id: string, n: number, onDamaged: (error: Damaged) => void): Promise<StoredWords | undefined> {
    const { store, belonging, secretOf } = this.#scope;
    const key = this.#key(id, n);
    const bytes = await store.read(key);
    try {
      return { id, n, value: decoding(key, () => decodeSealed<Body>('words', key, belonging, secretOf, bytes)).value };
    } catch (error) {
      onDamaged(damageOf(key, error));
      return undefined;
    }
  }

  #key(id: string, n: number): ObjectKey {
    return `${this.#scope.prefix}${checkBackupId(id)}-${n}`;
  }
}
