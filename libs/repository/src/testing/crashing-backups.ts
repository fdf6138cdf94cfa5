import { BackupDecided } from '../errors.ts';
import type { OpenedTenant } from '../tenant.ts';
import type { BackupType, CapturedTree, CaptureFile, Commit, Decision } from '../types.ts';
import { type ChangingSource, type Contents, digest } from './changing-source.ts';
import type { CrashingWorld } from './crashing-world.ts';
import { captureFiles } from './folders.ts';
import { manifestOf } from './opened.ts';

const PIECE = { name: 'fixed', version: 1, size: 4096, from: 0 } as const;
/** Somewhat more writes than one backup makes: now and then a process lives. */
const WRITES = 24;
const TRIES_MAX = 20;

/** Backups made by processes that are killed, and what each must hold. */
export class CrashingBackups {
  kills = 0;
  readonly #world: CrashingWorld;
  readonly #attempts: Contents[] = [];
  /** Decisions that some process was told of, by backup: they hold for ever. */
  readonly #told = new Map<string, Decision>();

  constructor(world: CrashingWorld) {
    this.#world = world;
  }

  /** Makes a backup of a source; processes take over from each other until it is decided. */
  async make(backupId: string, type: BackupType, source: ChangingSource): Promise<void> {
    const { random } = this.#world;
    const slices: string[] = [];
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const atWrite = random() < 0.85 ? 1 + Math.floor(random() * WRITES) : undefined;
      const outcome = await this.#world.process(atWrite, (tenant) => this.#attempt(tenant, backupId, type, source, slices));
      if (outcome !== 'killed') return this.#tell(backupId, outcome);
      this.kills++;
      await this.check();
      if (random() < 0.2) source.change();
    }
    throw new Error(`${backupId} was not decided in ${TRIES_MAX} tries`);
  }

  /** Opens the repository as it is now: every committed backup, and each decision that was ever told, is there and holds what its process saw. */
  async check(): Promise<readonly Commit[]> {
    const told = [...this.#told];
    const reader = await this.#world.reader();
    const found = new Map<string, Decision>();
    if (reader) for await (const page of reader.tenant.backups()) for (const decision of page) found.set(decision.backupId, decision);
    for (const [backupId, decision] of told) expect(found.get(backupId)).toEqual(decision);
    const commits = [...found.values()].filter((decision) => decision.kind === 'commit');
    for (const commit of commits) expect(await contentsOf(reader!.tenant, commit)).toEqual(this.#expected(commit));
    return commits;
  }

  /** What the process that wrote the commit saw. */
  #expected(commit: Commit): Contents {
    return this.#attempts[commit.extra!['attempt'] as number]!;
  }

  #tell(backupId: string, decision: Decision): void {
    expect(this.#told.get(backupId) ?? decision).toEqual(decision);
    this.#told.set(backupId, decision);
  }

  async #attempt(tenant: OpenedTenant, backupId: string, type: BackupType, source: ChangingSource, slices: string[]): Promise<Decision> {
    const decided = await tenant.decision(backupId);
    if (decided) return decided;
    if (this.#world.random() < 0.03) return tenant.abandon(backupId, 'given up');
    const attempt = this.#attempts.push(source.contents()) - 1;
    const parent = type === 'full' ? undefined : await tenant.newestWith(source.datasetId);
    const session = await tenant.session(backupId, { type }).catch(async (error: unknown) => {
      if (error instanceof BackupDecided) return undefined;
      throw error;
    });
    /** A commit that arrived late, between the two looks. */
    if (!session) return (await tenant.decision(backupId))!;
    try {
      const request = {
        datasetId: source.datasetId,
        root: source.root,
        bases: [...slices, ...(parent ? [parent.datasets[0]!.root!] : [])],
      };
      if (this.#world.random() < 0.3) {
        const { root } = await session.capture({ ...request, files: filesOf(source.root), slice: true });
        await session.flush();
        slices.unshift(root);
        request.bases.unshift(root);
      }
      const tree: CapturedTree = await session.capture({ ...request, files: filesOf(source.root) });
      return await session.commit({ ...manifestOf(backupId, [tree], type), extra: { attempt } });
    } finally {
      await session.close();
    }
  }
}

/** Every file may be a delta to what it was before, as chunks of Deep Lake v3 are. */
async function* filesOf(root: string): AsyncGenerator<CaptureFile[]> {
  for await (const page of captureFiles(root, () => PIECE)) yield page.map((file) => ({ ...file, earlierForms: async () => [file.path] }));
}

/** SHA-256 of each file of a backup, read from the repository. */
async function contentsOf(tenant: OpenedTenant, commit: Commit): Promise<Contents> {
  const contents: Record<string, string> = {};
  const root = commit.datasets[0]!.root!;
  for await (const { path } of tenant.entries(root)) contents[path] = digest(await tenant.readFile(root, path));
  return contents;
}
