import { sha256Hex, streamedSha256 } from '../format/hashes.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { NamedPack } from '../workers/pack-source.ts';

/** A pack is read in stretches of it: whole packs in memory would be a good part of all that the process has. */
const STRETCH_BYTES = 1024 * 1024;

/** Whether packs of the index still have the bytes that their names were made of. */
export class WholePacks {
  readonly #scope: TenantScope;
  readonly #index: TenantIndex;

  constructor(scope: TenantScope, index: TenantIndex) {
    this.#scope = scope;
    this.#index = index;
  }

  /** A pack for a thread that looks itself: its file, or its bytes over a store that has none; undefined when it cannot be read. */
  async forThread(pack: number): Promise<NamedPack | undefined> {
    const { name, size } = this.#index.pieces.packs[pack]!;
    const path = this.#scope.store.fileOf?.(this.#object(pack));
    if (path !== undefined) return { name, file: { path, end: size } };
    try {
      return { name, bytes: await this.#scope.store.read(this.#object(pack)) };
    } catch {
      return undefined;
    }
  }

  /** What cannot be read is not whole. */
  async isWhole(pack: number): Promise<boolean> {
    const { name } = this.#index.pieces.packs[pack]!;
    try {
      return (await this.#nameOf(pack)) === name;
    } catch {
      return false;
    }
  }

  async #nameOf(pack: number): Promise<string> {
    const { store } = this.#scope;
    const object = this.#object(pack);
    if (store.fileOf?.(object) === undefined) return sha256Hex(await store.read(object));
    const { size } = this.#index.pieces.packs[pack]!;
    const [hash, memory] = [streamedSha256(), new ArrayBuffer(STRETCH_BYTES)];
    for (let start = 0; start < size; start += STRETCH_BYTES)
      hash.update(await store.read(object, { start, end: Math.min(size, start + STRETCH_BYTES) }, undefined, memory));
    return hash.digest('hex');
  }

  #object(pack: number): string {
    const { kind, name } = this.#index.pieces.packs[pack]!;
    return this.#scope.names.pack(kind, name);
  }
}
