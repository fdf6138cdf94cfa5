import { randomBytes } from 'node:crypto';
import { createKeys, type KeyRing, openKeys } from '@dr/keys';
import { ObjectMissing, type ObjectStore } from '@dr/storage';
import type { EngineOptions, InitOptions, OpenOptions, Repository, TenantRepository } from './api.ts';
import { DescriptionLost, FormatTooNew, RepositoryExists, RepositoryMissing, TenantUnknown } from './errors.ts';
import { type Description, decodeDescription, encodeDescription, newDescription } from './format/description.ts';
import { DESCRIPTION_KEY, planNumber, tenantKeys } from './format/object-names.ts';
import { FORMAT_VERSION } from './format/seal.ts';
import { TenantIndex } from './index/tenant-index.ts';
import type { LogArchive } from './log/log-archive.ts';
import { NO_TENANT } from './log/no-tenant.ts';
import { RecentlyUsed } from './recently-used.ts';
import { putSurely } from './session/put-surely.ts';
import { OpenedTenant } from './tenant.ts';
import { decoding, tenantScope } from './tenant-scope.ts';
import type { WordsArchive } from './words/words.ts';
import { engineLimits } from './workers/limits.ts';
import { WorkerPool } from './workers/pool.ts';

/** Makes a repository in an empty store. Keys come first: a repository without its description is begun again by the next try. @throws RepositoryExists. */
export async function initRepository(store: ObjectStore, options: InitOptions): Promise<Repository> {
  const { unlock, encryption = true, now, random = randomBytes } = options;
  if (await store.stat(DESCRIPTION_KEY)) throw new RepositoryExists(store.uri);
  if (await holdsAny(store, 't/')) throw new DescriptionLost(store.uri);
  const ring = await createKeys(store, {
    repositoryId: Buffer.from(random(16)).toString('hex'),
    unlock,
    encryption,
    random,
    kdf: options.kdf,
  });
  const description = newDescription(ring.repositoryId, now(), ring.protection !== 'unprotected');
  const bytes = encodeDescription(ring, description);
  /** 'exists' with our own bytes: an earlier try whose reply was lost, or a put that was sent twice. */
  if ((await putSurely(store, DESCRIPTION_KEY, bytes)) === 'exists' && !bytes.equals(await store.read(DESCRIPTION_KEY)))
    throw new RepositoryExists(store.uri);
  return new OpenedRepository(store, ring, description, { ...options, mode: 'write' }, new Threads(options));
}

/**
 * Opens a repository. The keys say by themselves whose they are; the description's MAC then proves that it is theirs. A description that is lost is taken
 * from a commit, and put back when the repository is opened for writing.
 * @throws RepositoryMissing, FormatTooNew, Damaged (repository.json), and what opening the keys throws.
 */
export async function openRepository(store: ObjectStore, options: OpenOptions): Promise<Repository> {
  const threads = new Threads(options);
  if (options.ahead) setImmediate(options.ahead, (bytes: number) => threads.expect(bytes));
  try {
    const bytes = await descriptionBytes(store);
    if (bytes) refuseNewer(bytes);
    const ring = await openKeys(store, { unlock: options.unlock });
    const description = bytes ? decoding(DESCRIPTION_KEY, () => decodeDescription(ring, bytes)) : await putBack(store, ring, options);
    return new OpenedRepository(store, ring, description, options, threads);
  } catch (error) {
    await threads.close();
    throw error;
  }
}

/** The engine's threads, made when they are first needed. */
class Threads {
  readonly #options: EngineOptions;
  #pool: WorkerPool | undefined;
  #closed = false;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  pool(): WorkerPool {
    const { workers, buffers } = engineLimits(this.#options);
    this.#pool ??= new WorkerPool(workers, buffers);
    return this.#pool;
  }

  /** Too late once they were closed. */
  expect(bytes: number): void {
    if (!this.#closed) this.pool().expect(bytes);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.close();
  }
}

/** Undefined: it is lost, but the keys are there. */
async function descriptionBytes(store: ObjectStore): Promise<Uint8Array | undefined> {
  try {
    return await store.read(DESCRIPTION_KEY);
  } catch (cause) {
    if (!(cause instanceof ObjectMissing)) throw cause;
    if ((await holdsAny(store, 'keys/')) || (await holdsAny(store, 'keys2/'))) return undefined;
    throw new RepositoryMissing(store.uri);
  }
}

/** Before anything is asked of the user: a newer version may keep its keys in another way. What is no JSON is told of once the keys are open. */
function refuseNewer(bytes: Uint8Array): void {
  const format = /^\{"format":(\d{1,9}),/.exec(Buffer.from(bytes).toString('latin1'))?.[1];
  if (format && Number(format) > FORMAT_VERSION) throw new FormatTooNew(DESCRIPTION_KEY, Number(format), FORMAT_VERSION);
}

async function putBack(store: ObjectStore, ring: KeyRing, { now, random = randomBytes, mode }: OpenOptions): Promise<Description> {
  const { rebuiltDescription } = await import('./lost-description.ts');
  const description = await rebuiltDescription(store, ring, { now, random });
  if (mode === 'write') await putSurely(store, DESCRIPTION_KEY, encodeDescription(ring, description));
  return description;
}

async function holdsAny(store: ObjectStore, prefix: string): Promise<boolean> {
  for await (const page of store.list(prefix)) if (page.length > 0) return true;
  return false;
}

/** Tenants whose index is kept in memory: about 70 bytes a piece and 400 a backup. */
const INDEXES_KEPT = 8;

type Opened = EngineOptions & { readonly mode: 'read' | 'write' };

class OpenedRepository implements Repository {
  readonly id: string;
  readonly encryption: boolean;
  readonly #store: ObjectStore;
  readonly #ring: KeyRing;
  readonly #description: Description;
  readonly #options: Opened;
  readonly #indexes = new RecentlyUsed<TenantIndex>(INDEXES_KEPT);
  readonly #threads: Threads;

  constructor(store: ObjectStore, ring: KeyRing, description: Description, options: Opened, threads: Threads) {
    this.id = description.id;
    this.encryption = description.encryption;
    this.#store = store;
    this.#ring = ring;
    this.#description = description;
    this.#options = options;
    this.#threads = threads;
  }

  async tenants(options?: { onDamaged?: (error: unknown) => void }): Promise<string[]> {
    return (await this.#ring.tenants(options)).map(({ name }) => name);
  }

  async tenant(name: string, { create = false }: { create?: boolean } = {}): Promise<TenantRepository> {
    const keys = await this.#ring.tenantKeys(name, { create: create && this.#options.mode === 'write' });
    if (!keys) throw new TenantUnknown(name);
    const { now, mode, random = randomBytes } = this.#options;
    const scope = tenantScope({ store: this.#store, ring: this.#ring, description: this.#description, now, random }, keys);
    const index = () => this.#indexes.of(`${keys.tag}/${keys.epoch}`, () => new TenantIndex(scope));
    return new OpenedTenant({ scope, mode, limits: engineLimits(this.#options), index, pool: () => this.#threads.pool() });
  }

  async ledgers(): Promise<Record<string, number>> {
    const newest: Record<string, number> = {};
    for (const { tag } of await this.#ring.tenants({ onDamaged: () => undefined })) {
      for await (const page of this.#store.list(tenantKeys(tag).ledger))
        for (const { key } of page) newest[tag] = Math.max(newest[tag] ?? 0, planNumber(key) ?? 0);
    }
    return newest;
  }

  async words(tenant: string | undefined): Promise<WordsArchive> {
    const { OpenedWords } = await import('./words/words.ts');
    const { mode, random = randomBytes } = this.#options;
    const base = { store: this.#store, mode, random };
    const ids = { repositoryId: this.id, epoch: this.#ring.epoch };
    if (tenant === undefined) {
      const secretOf = (epoch: number): Uint8Array => this.#ring.systemKeyOf(epoch);
      return new OpenedWords({ ...base, prefix: 'words/', belonging: { ...ids, tag: NO_TENANT }, secretOf });
    }
    const keys = await this.#ring.tenantKeys(tenant, { create: mode === 'write' });
    if (!keys) throw new TenantUnknown(tenant);
    const belonging = { ...ids, tag: keys.tag, epoch: keys.epoch };
    return new OpenedWords({ ...base, prefix: tenantKeys(keys.tag).words, belonging, secretOf: (epoch) => keys.dataKey(epoch) });
  }

  async log(): Promise<LogArchive> {
    const { OpenedLogArchive } = await import('./log/log-archive.ts');
    const { mode, random = randomBytes } = this.#options;
    return new OpenedLogArchive(this.#store, { ring: this.#ring, description: this.#description, random }, mode);
  }

  close(): Promise<void> {
    return this.#threads.close();
  }
}
