import type { Config } from '@dr/config';
import { readPassphrase } from '@dr/config';
import { initRepository, openRepository, type Repository, RepositoryExists, RepositoryMissing } from '@dr/repository';
import { type ObjectStore, openStore, StoreMissing } from '@dr/storage';

export interface RepositoryAccessOptions {
  config: Config;
  /** 'write' makes the repository when there is none; 'extend' writes into one that is there; 'read' never writes. */
  mode: 'read' | 'write' | 'extend';
  /** Asked before a repository is handed out, or made (undefined), for writing. What it throws, `open` throws. */
  mayWrite?: (repository: Repository | undefined) => Promise<void>;
  now: () => number;
}

/** A service has 300 MB in all; half of that is taken before the engine does anything, and by the heaps of its threads. */
const ENGINE_BYTES = 96 * 1024 * 1024;

/** The configured repository, opened when first asked for and shared by everything in the process. A failed opening is tried again at the next call. */
export class RepositoryAccess {
  private readonly options: RepositoryAccessOptions;
  private opening: Promise<{ store: ObjectStore; repository: Repository }> | undefined;

  constructor(options: RepositoryAccessOptions) {
    this.options = options;
  }

  /** @throws what the store and the keys throw: unreachable, wrong passphrase, newer format, RepositoryMissing when reading. */
  async open(): Promise<Repository> {
    this.opening ??= this.openOnce();
    const opening = this.opening;
    try {
      return (await opening).repository;
    } catch (error) {
      if (this.opening === opening) this.opening = undefined;
      throw error;
    }
  }

  /** Whether a repository is there; makes none. @throws what the store throws when it cannot be asked. */
  async exists(): Promise<boolean> {
    if (this.opening) return true;
    try {
      await requireRepository(this.options.config.repository.uri);
      return true;
    } catch (error) {
      if (error instanceof RepositoryMissing || error instanceof StoreMissing) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    const opened = await this.opening?.catch(() => undefined);
    this.opening = undefined;
    await opened?.repository.close();
    await opened?.store.close();
  }

  private async openOnce(): Promise<{ store: ObjectStore; repository: Repository }> {
    const { config, mode } = this.options;
    if (mode === 'extend') await requireRepository(config.repository.uri);
    const store = await openStore(config.repository.uri, { mode: mode === 'read' ? 'read' : 'write' });
    try {
      return { store, repository: await this.checked(await this.openOrInit(store)) };
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  private async checked(repository: Repository): Promise<Repository> {
    const { mode, mayWrite } = this.options;
    try {
      if (mode !== 'read') await mayWrite?.(repository);
      return repository;
    } catch (error) {
      await repository.close();
      throw error;
    }
  }

  private async openOrInit(store: ObjectStore): Promise<Repository> {
    const mode = this.options.mode === 'read' ? 'read' : 'write';
    try {
      return await openRepository(store, { ...this.engine(), mode });
    } catch (error) {
      if (!(error instanceof RepositoryMissing) || this.options.mode !== 'write') throw error;
    }
    await this.options.mayWrite?.(undefined);
    try {
      return await initRepository(store, { ...this.engine(), encryption: this.options.config.backup.encryption });
    } catch (error) {
      if (!(error instanceof RepositoryExists)) throw error;
      return openRepository(store, { ...this.engine(), mode });
    }
  }

  private engine() {
    const { config, now } = this.options;
    return {
      unlock: { passphrase: () => readPassphrase(config.passphrase) },
      workers: config.backup.parallelWorkers,
      memoryBytesMax: ENGINE_BYTES,
      compressionLevel: config.backup.compression ? config.backup.compressionLevel : 0,
      now,
    };
  }
}

/** Opening for writing makes folders; what only extends a repository makes none. @throws RepositoryMissing, StoreMissing. */
async function requireRepository(uri: string): Promise<void> {
  const store = await openStore(uri, { mode: 'read' });
  try {
    if (await store.stat('repository.json')) return;
    for await (const page of store.list('keys/')) if (page.length > 0) return; // its description is lost, and can be had back
    throw new RepositoryMissing(uri);
  } finally {
    await store.close();
  }
}
