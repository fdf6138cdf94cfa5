import type { DrError } from '@dr/storage';
import type { BackupSession } from '../api.ts';
import { readDecision } from '../decisions.ts';
import { BadRequest } from '../errors.ts';
import { encodeCommit, encodeTombstone } from '../format/decision.ts';
import { decodeFooter } from '../format/pack-entries.ts';
import { newTable } from '../index/known-pieces.ts';
import { openPackOf, PieceReader } from '../index/piece-reader.ts';
import { listPacks } from '../index/tenant-index.ts';
import { belongingOf, type TenantScope } from '../tenant-scope.ts';
import type { CapturedTree, CaptureRequest, Commit, CommitManifest, PromoteRequest, Tombstone } from '../types.ts';
import type { EngineLimits } from '../workers/limits.ts';
import type { DeliveredPack, SealedPiece } from '../workers/messages.ts';
import type { WorkerPool } from '../workers/pool.ts';
import { DatasetCapture } from './capture-dataset.ts';
import { checkListed, checkTrees } from './check-trees.ts';
import { CountedPacks } from './counted-packs.ts';
import { decide } from './decide.ts';
import { EarlierTrees } from './earlier-trees.ts';
import { ownPacks, type SessionStart } from './open-session.ts';
import { PageStore } from './page-store.ts';
import { StoredPacks } from './stored-packs.ts';
import type { UnchangedFiles } from './unchanged-files.ts';
import { WholePacks } from './whole-packs.ts';

/** A backup being made, in this process. */
export class OpenedSession implements BackupSession {
  readonly backupId: string;
  readonly joined: boolean;
  readonly #scope: TenantScope;
  readonly #start: SessionStart;
  readonly #pool: WorkerPool;
  readonly #limits: EngineLimits;
  readonly #packs: StoredPacks;
  readonly #pages: PageStore;
  readonly #whole: WholePacks;
  readonly #counted: CountedPacks;
  readonly #bases: EarlierTrees;
  readonly #number: number;
  #broken: { error: unknown } | undefined;
  #closed = false;

  constructor(scope: TenantScope, backupId: string, start: SessionStart, pool: WorkerPool, limits: EngineLimits) {
    this.#scope = scope;
    this.backupId = backupId;
    this.joined = start.joined;
    this.#start = start;
    this.#pool = pool;
    this.#limits = limits;
    this.#packs = new StoredPacks(scope, backupId, start.index, (error) => this.#break(error));
    for (const { pack, footer } of start.found) this.#packs.add(pack, footer.entries);
    this.#whole = new WholePacks(scope, start.index);
    const { known, trust } = start;
    const { compressionLevel, targets } = limits;
    this.#pages = new PageStore({
      scope,
      backupId,
      known,
      trust,
      packs: this.#packs,
      compressionLevel,
      targetBytes: targets.meta,
      isWhole: (pack) => this.#whole.isWhole(pack),
    });
    this.#counted = this.#newCounted();
    this.#bases = this.#newBases();
    this.#number = pool.listen({
      pack: (pack) => this.#delivered(pack),
      namedPack: (pack) => this.#whole.forThread(pack),
      sealedPiece: (id) => this.#sealedPiece(id),
    });
    this.#setUpThreads();
  }

  async capture(request: CaptureRequest): Promise<CapturedTree> {
    this.#check();
    const tree = await this.#capture(request, await this.#bases.of(request.bases)).run();
    await this.#bases.captured(tree.root, request.slice ?? false);
    return tree;
  }

  async promote(request: PromoteRequest): Promise<CapturedTree> {
    this.#check();
    const [{ PromotedFiles }, { holdersAround }] = await Promise.all([import('./promote-files.ts'), import('../pinned/holders.ts')]);
    const { datasetId, snapshotId: backupId, root = '/', signal, progress } = request;
    const holders = await holdersAround(this.#scope, this.#start.ledger, { datasetId, backupId });
    const reader = new PieceReader(this.#scope, this.#start.index);
    const files = new PromotedFiles({ reader, counts: (id) => this.#counted.counts(id), holders }, request).groups();
    const tree = await this.#capture({ datasetId, root, files, signal, progress }, undefined).run();
    await this.#bases.captured(tree.root, false);
    return tree;
  }

  #capture(request: CaptureRequest, bases: UnchangedFiles | undefined): DatasetCapture {
    return new DatasetCapture(
      {
        session: this.#number,
        nameKey: this.#scope.keys.nameKey,
        pages: this.#pages,
        batchesMax: this.#pool.size * 3,
        run: async (job) => {
          this.#growKnown();
          return this.#pool.run(job);
        },
        now: this.#scope.now,
        bases,
        deltas: this.#start.type !== 'full' && this.#limits.compressionLevel > 0,
        mayPin: this.#start.type === 'snapshot',
        check: () => this.#check(),
      },
      request,
    );
  }

  async flush(): Promise<void> {
    this.#check();
    const captured = this.#bases.pending();
    await this.#pool.runOnEach({ type: 'finish', session: this.#number });
    await this.#pages.flush();
    await this.#packs.settled();
    this.#check();
    await this.#packs.writeSegment();
    this.#check();
    this.#bases.flushed(captured);
  }

  async commit(manifest: CommitManifest): Promise<Commit | Tombstone> {
    const decided = await readDecision(this.#scope, this.backupId);
    if (decided) return decided;
    await this.flush();
    await this.#start.index.load();
    const { storedBytes, pins } = await this.#checkStored(manifest);
    const segments = [...this.#start.index.segments.values()].filter(({ session }) => session === this.backupId);
    const names = segments.map(({ key }) => key.slice(-64)).sort();
    const own = { ...manifest, backupId: this.backupId, tenant: this.#scope.keys.tenant };
    return decide(this.#scope, this.backupId, encodeCommit(this.#scope, { manifest: own, segments: names, storedBytes, pins }));
  }

  abandon(reason: string): Promise<Tombstone | Commit> {
    return decide(this.#scope, this.backupId, encodeTombstone(this.#scope, this.backupId, reason));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#packs.stop();
    this.#pool.hush(this.#number);
    await this.#packs.settled();
  }

  /** Packs listed, trees read back, every piece in a pack that counts. @returns bytes of all packs of the session; whether a file is only pinned. */
  async #checkStored(manifest: CommitManifest): Promise<{ storedBytes: number; pins: boolean }> {
    const { index, ledger, trust, type } = this.#start;
    const { packs } = index.pieces;
    const listed = await listPacks(this.#scope);
    const own = ownPacks(index, this.backupId);
    const ownList = [...own].map((pack) => packs[pack]!);
    checkListed(this.backupId, ownList, listed, (pack) => this.#scope.names.pack(pack.kind, pack.name));
    const usable = (pack: number): boolean | Promise<boolean> => {
      const { name, size } = packs[pack]!;
      if (own.has(pack)) return true;
      if (listed.get(name) !== size || ledger.victims.has(name)) return false;
      return type !== 'full' || trust.trust(pack, () => this.#whole.isWhole(pack));
    };
    const reader = new PieceReader(this.#scope, index);
    const { pins } = await checkTrees(
      { reader, backupId: this.backupId, mayPin: type === 'snapshot', usable, deltas: type !== 'full' },
      manifest.datasets,
    );
    return { storedBytes: ownList.reduce((sum, pack) => sum + pack.size, 0), pins };
  }

  #newCounted(): CountedPacks {
    const { index, trust, type, usable } = this.#start;
    return new CountedPacks({ backupId: this.backupId, type, index, trust, usable, isWhole: (pack) => this.#whole.isWhole(pack) });
  }

  #newBases(): EarlierTrees {
    const { index, type } = this.#start;
    const [scope, backupId] = [this.#scope, this.backupId];
    return new EarlierTrees({
      scope,
      backupId,
      type,
      index,
      counted: this.#counted,
      putPage: (page) => this.#pages.put(page),
      flush: () => this.flush(),
    });
  }

  #setUpThreads(): void {
    const { keys } = this.#scope;
    const { table, trustStates } = this.#start;
    this.#pool.tell({
      type: 'session',
      session: this.#number,
      backupId: this.backupId,
      belonging: belongingOf(this.#scope),
      secret: new Uint8Array(keys.dataKey(keys.epoch)),
      idKey: new Uint8Array(keys.idKey),
      compressionLevel: this.#limits.compressionLevel,
      targets: this.#limits.targets,
      tables: [table],
      trust: trustStates,
    });
  }

  /** Adds a larger table before the known pieces fill theirs. */
  #growKnown(): void {
    const entries = this.#start.known.growTo();
    if (entries === undefined) return;
    const table = newTable(entries);
    this.#start.known.addTable(table);
    this.#pool.tell({ type: 'table', session: this.#number, table });
  }

  async #delivered({ name, kind, size, epoch, salt, commitment, buffer, footer }: DeliveredPack): Promise<void> {
    const bytes = new Uint8Array(buffer, 0, size);
    await this.#packs.upload({ name, kind, size, epoch, salt, commitment }, bytes, decodeFooter(footer).entries);
  }

  /** A full copy of a piece in a pack that counts; undefined when none can be read. */
  async #sealedPiece(id: Uint8Array): Promise<SealedPiece | undefined> {
    const { index, usable } = this.#start;
    for (const { pack: ordinal, offset, length, record } of index.pieces.fullCopies(id, (pack) => usable[pack] === true)) {
      const pack = index.pieces.packs[ordinal]!;
      try {
        const bytes = await this.#scope.store.read(this.#scope.names.pack(pack.kind, pack.name), { start: offset, end: offset + length });
        return { bytes, record, kind: pack.kind, ...openPackOf(this.#scope, pack) };
      } catch {}
    }
    return undefined;
  }

  #break(error: unknown): void {
    this.#broken ??= { error };
  }

  #check(): void {
    if (this.#broken) throw this.#broken.error as DrError;
    if (this.#closed) throw new BadRequest(`Session ${this.backupId} was closed and is used again`);
  }
}
