import { MemoryStore } from '@dr/storage/faults';
import type { Repository, TenantRepository } from '../api.ts';
import { TenantIndex } from '../index/tenant-index.ts';
import type { BackupType, CapturedTree, CaptureFile, Commit, CommitManifest } from '../types.ts';
import { captureFiles, folderOf } from './folders.ts';
import { updated } from './golden-deltas.ts';
import { float32s } from './numbers.ts';
import { manifestOf, newRepository } from './opened.ts';
import { scopeOf } from './publish-plan.ts';

export const PIECE = 16 * 1024;
const ROW = 256;
/** Vectors of 20 pieces. */
export const CHUNK = float32s((20 * PIECE) / 4);
export const FIRST = 'emb/chunks/a1';
export const SECOND = 'versions/c2/emb/chunks/a1';
export const THIRD = 'versions/c3/emb/chunks/a1';

/** The chunk with a few rows updated, in pieces 0, 4 and 18. */
export const rowsUpdated = (chunk: Buffer = CHUNK, shift = 0): Buffer =>
  updated(
    chunk,
    ROW,
    [3, 260, 1200].map((row) => row + shift),
  );

/** A row updated in every piece, so that all of them are deltas. */
export const everyPieceUpdated = (): Buffer =>
  updated(
    CHUNK,
    ROW,
    Array.from({ length: 20 }, (_, piece) => (piece * PIECE) / ROW + piece),
  );

const EARLIER: Readonly<Record<string, readonly string[]>> = {
  [FIRST]: [FIRST],
  [SECOND]: [FIRST, SECOND],
  [THIRD]: [SECOND, FIRST, THIRD],
};

/** A data set as Deep Lake v3 leaves it when commits update rows, in a store in memory, and what stands in its index. */
export class UpdatedChunks {
  readonly store = new MemoryStore();
  readonly root = folderOf({ [FIRST]: CHUNK, 'dataset_meta.json': '{}' });
  repository!: Repository;
  tenant!: TenantRepository;

  async open(more: Parameters<typeof newRepository>[1] = {}): Promise<this> {
    this.repository = await newRepository(this.store, { now: () => Date.UTC(2100, 0, 1), ...more });
    this.tenant = await this.repository.tenant('acme', { create: true });
    return this;
  }

  write(files: Readonly<Record<string, Uint8Array>>): void {
    folderOf(files, this.root);
  }

  async *files(): AsyncGenerator<CaptureFile[]> {
    const chunker = { name: 'fixed', version: 1, size: PIECE, from: 0 } as const;
    for await (const page of captureFiles(this.root, () => chunker)) {
      yield page.map((file) => {
        const earlier = EARLIER[file.path];
        return earlier ? { ...file, earlierForms: () => earlier } : file;
      });
    }
  }

  async backUp(
    backupId: string,
    base?: CapturedTree,
    type: BackupType = 'incremental',
  ): Promise<{ tree: CapturedTree; commit: Commit; manifest: CommitManifest }> {
    const session = await this.tenant.session(backupId, { type });
    try {
      const bases = base ? [base.root] : [];
      const tree = await session.capture({ datasetId: 'set', root: this.root, files: this.files(), bases });
      const manifest = manifestOf(backupId, [tree], type);
      return { tree, manifest, commit: (await session.commit(manifest)) as Commit };
    } finally {
      await session.close();
    }
  }

  async index(): Promise<TenantIndex> {
    const index = new TenantIndex(await scopeOf(this.store, this.repository.id));
    await index.load();
    return index;
  }

  /** Deltas and full copies that a backup wrote, in data packs. */
  async written(backupId: string): Promise<{ deltas: number; full: number }> {
    const { pieces, segments } = await this.index();
    const own = new Set([...segments.values()].flatMap(({ session, packs }) => (session === backupId ? packs : [])));
    const count = { deltas: 0, full: 0 };
    pieces.forEach((_, pack, base) => {
      if (own.has(pack) && pieces.packs[pack]!.kind === 'data') count[base ? 'deltas' : 'full']++;
    });
    return count;
  }

  /** Data packs of a backup: names, and keys in the store. */
  async packsOf(backupId: string): Promise<{ name: string; key: string }[]> {
    const { pieces, segments } = await this.index();
    const own = [...segments.values()].flatMap(({ session, packs }) => (session === backupId ? packs : []));
    const names = own.map((pack) => pieces.packs[pack]!).filter(({ kind }) => kind === 'data');
    return names.map(({ name }) => ({ name, key: [...this.store.objects.keys()].find((key) => key.endsWith(name))! }));
  }
}
