import { randomBytes } from 'node:crypto';
import { createKeys, type KeyRing, openKeys } from '@dr/keys';
import { ObjectMissing, type ObjectStore } from '@dr/storage';
import type { EngineOptions, InitOptions, OpenOptions, Repository, TenantRepository } from './api.ts';
import { RepositoryExists, RepositoryMissing, TenantUnknown } from './errors.ts';
import { type Description, decodeDescription, encodeDescription, newDescription } from './format/description.ts';
import { DESCRIPTION_KEY } from './format/object-names.ts';
import { putSurely } from './session/put-surely.ts';
import { OpenedTenant } from './tenant.ts';
import { decoding, tenantScope } from './tenant-scope.ts';
import { engineLimits } from './workers/limits.ts';
import { WorkerPool } from './workers/pool.ts';

/** Makes a repository in an empty store. Keys come first: a repository without its description is begun again by the next try. @throws RepositoryExists. */
export async function initRepository(store: ObjectStore, options: InitOptions): Promise<Repository> {
  const { unlock, encryption = true, now, random = randomBytes } = options;
  if (await store.stat(DESCRIPTION_KEY)) throw new RepositoryExists(store.uri);
  const ring = await createKeys(store, {
    repositoryId: Buffer.from(random(16)).toString('hex'),
    unlock,
    encryption,
    random,
    kdf: options.kdf,
  });
  const description = newDescription(ring.repositoryId, now(), ring.protection !== 'unprotected');
  if ((await putSurely(store, DESCRIPTION_KEY, encodeDescription(ring, description))) === 'exists') throw new RepositoryExists(store.uri);
  return new OpenedRepository(store, ring, description, { ...options, mode: 'write' });
}

/** Opens a repository. The keys say by themselves whose they are; the description's MAC then proves that it is theirs. @throws RepositoryMissing, FormatTooNew, Damaged (repository.json), and what opening the keys throws. */
export async function openRepository(store: ObjectStore, options: OpenOptions): Promise<Repository> {
  const bytes = await store.read(DESCRIPTION_KEY).catch((cause) => {
    throw cause instanceof ObjectMissing ? new RepositoryMissing(store.uri) : cause;
  });
  const ring = await openKeys(store, { unlock: options.unlock });
  const description = decoding(DESCRIPTION_KEY, () => decodeDescription(ring, bytes));
  return new OpenedRepository(store, ring, description, options);
}

type Opened = EngineOptions & { readonly mode: 'read' | 'write' };

class OpenedRepository implements Repository {
  readonly id: string;
  readonly encryption: boolean;
  readonly #store: ObjectStore;
  readonly #ring: KeyRing;
  readonly #description: Description;
  readonly #options: Opened;
  #pool: WorkerPool | undefined;

  constructor(store: ObjectStore, ring: KeyRing, description: Description, options: Opened) {
    this.id = description.id;
    this.encryption = description.encryption;
    this.#store = store;
    this.#ring = ring;
    this.#description = description;
    this.#options = options;
  }

  async tenants(options?: { onDamaged?: (error: unknown) => void }): Promise<string[]> {
    return (await this.#ring.tenants(options)).map(({ name }) => name);
  }

  async tenant(name: string, { create = false }: { create?: boolean } = {}): Promise<TenantRepository> {
    const keys = await this.#ring.tenantKeys(name, { create: create && this.#options.mode === 'write' });
    if (!keys) throw new TenantUnknown(name);
    const { now, mode, random = randomBytes } = this.#options;
    const scope = tenantScope({ store: this.#store, ring: this.#ring, description: this.#description, now, random }, keys);
    return new OpenedTenant({ scope, mode, limits: engineLimits(this.#options), pool: () => this.#threads() });
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.close();
  }

  #threads(): WorkerPool {
    const { workers, buffers } = engineLimits(this.#options);
    this.#pool ??= new WorkerPool(workers, buffers);
    return this.#pool;
  }
}
