/**
 * A repository on which processes work and are killed, and a model of what must be in it: for the randomised crash test. Processes are played inside of
 * this one, each on a store that goes dead (PowerCutStore); they share worker threads, whose start would take most of the time.
 */
import { randomBytes } from 'node:crypto';
import { openKeys } from '@dr/keys';
import { type LateWrite, MemoryStore, PowerCutStore } from '@dr/storage/faults';
import { RepositoryExists } from '../errors.ts';
import { newDescription } from '../format/description.ts';
import { sha256Hex } from '../format/hashes.ts';
import { DESCRIPTION_KEY, packOf, segmentOf } from '../format/object-names.ts';
import { packBufferBytes } from '../format/pack-writer.ts';
import { TenantIndex } from '../index/tenant-index.ts';
import { initRepository, openRepository } from '../repository.ts';
import { OpenedTenant } from '../tenant.ts';
import { type TenantScope, tenantScope } from '../tenant-scope.ts';
import type { EngineLimits } from '../workers/limits.ts';
import { WorkerPool } from '../workers/pool.ts';
import { kdf, NOW, options, unlock } from './opened.ts';

/** Later than any file of the test, so that no identity is too young to be trusted. */
const now = (): number => NOW + 365 * 24 * 3600 * 1000;

const KiB = 1024;
/** Small packs, so that a backup of 100 KiB writes several, and more than one index segment. */
const limits: EngineLimits = {
  workers: 1,
  compressionLevel: 1,
  targets: { data: 24 * KiB, meta: 8 * KiB },
  buffers: { bytes: { data: packBufferBytes(24 * KiB), meta: packBufferBytes(8 * KiB) }, counts: { data: 6, meta: 4 } },
};
/** Objects that not every store creates whole or not at all; those that decide something are small, and are. */
const TEARABLE = /^t\/[^/]+\/(packs|index)\//;

/** In [0, 1). */
export type Random = () => number;

export const newPool = (): WorkerPool => new WorkerPool(limits.workers, limits.buffers);

export class CrashingWorld {
  readonly store = new MemoryStore({ now });
  readonly random: Random;
  readonly #pool: WorkerPool;
  readonly #late: LateWrite[] = [];

  constructor(pool: WorkerPool, random: Random) {
    this.#pool = pool;
    this.random = random;
  }

  /**
   * Runs what one process does, until it ends or is killed at its write number `atWrite`.
   * @returns 'killed' or what it gave; writes that it had begun are kept to arrive later. @throws what went wrong in a process that was not killed.
   */
  async process<T>(atWrite: number | undefined, work: (tenant: OpenedTenant) => Promise<T>): Promise<T | 'killed'> {
    const store = new PowerCutStore(this.store, { atWrite, random: this.random, tearable: TEARABLE, late: this.#late.splice(0) });
    try {
      return await work(await this.#open(store));
    } catch (error) {
      if (!store.dead) throw error;
      return 'killed';
    } finally {
      await store.close();
      this.#late.push(...store.late);
    }
  }

  /** All writes that were still to come are done. */
  async settle(): Promise<void> {
    for (const write of this.#late.splice(0)) await write();
  }

  /** The tenant for reading, opened as anyone opens it; undefined while there is no repository yet. */
  async reader(): Promise<{ tenant: OpenedTenant; scope: TenantScope } | undefined> {
    if (!this.store.objects.has(DESCRIPTION_KEY)) return undefined;
    const repository = await openRepository(this.store, { ...options, unlock, mode: 'read' });
    const known = await repository.tenants();
    await repository.close();
    return known.includes('acme') ? this.#tenant(this.store, 'read') : undefined;
  }

  /** Removes what no commit can need: torn objects, and packs that no index segment names. @returns how many. */
  async removeGarbage(): Promise<number> {
    const index = await this.#index();
    const garbage = [...this.store.objects].filter(([key, { bytes }]) => {
      const pack = packOf(key)?.name;
      const segment = segmentOf(key)?.name;
      if (pack) return index.pieces.ordinalOf(pack) === undefined || sha256Hex(bytes) !== pack;
      return segment !== undefined && sha256Hex(bytes) !== segment;
    });
    for (const [key] of garbage) this.store.objects.delete(key);
    return garbage.length;
  }

  /** How many pieces are stored as deltas. */
  async deltas(): Promise<number> {
    let count = 0;
    (await this.#index()).pieces.forEach((_, __, base) => {
      if (base) count++;
    });
    return count;
  }

  async #index(): Promise<TenantIndex> {
    const index = new TenantIndex((await this.reader())!.scope);
    await index.load();
    return index;
  }

  async #open(store: PowerCutStore): Promise<OpenedTenant> {
    if (!(await store.stat(DESCRIPTION_KEY))) await makeOrFind(store);
    return (await this.#tenant(store, 'write')).tenant;
  }

  async #tenant(store: MemoryStore | PowerCutStore, mode: 'read' | 'write'): Promise<{ tenant: OpenedTenant; scope: TenantScope }> {
    const ring = await openKeys(store, { unlock });
    const keys = (await ring.tenantKeys('acme', { create: mode === 'write' }))!;
    const description = newDescription(ring.repositoryId, NOW, true);
    const scope = tenantScope({ store, ring, description, now, random: randomBytes }, keys);
    const index = new TenantIndex(scope);
    return { scope, tenant: new OpenedTenant({ scope, mode, limits, index: () => index, pool: () => this.#pool }) };
  }
}

/** Makes the repository, unless another process is first. */
async function makeOrFind(store: PowerCutStore): Promise<void> {
  try {
    await (await initRepository(store, { ...options, unlock, kdf })).close();
  } catch (error) {
    if (!(error instanceof RepositoryExists)) throw error;
  }
}
