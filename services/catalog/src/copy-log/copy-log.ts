import { join } from 'node:path';
import { type CopyLag, logHead, PollLoop, type RememberedHeads } from '@dr/event-store';
import { type Repository, RepositoryMissing } from '@dr/repository';
import {
  GIVEN_UP,
  HeadsMemory,
  type House,
  highest,
  InjectHouse,
  LogCopy,
  lacksOf,
  type Reconciled,
  RepositoryAccess,
  RepositoryGone,
  RepositoryRolledBack,
  type SeenHeads,
  ServiceHealth,
  seenHeads,
} from '@dr/service';
import { StoreMissing } from '@dr/storage';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { bringWordsBack, copyWords } from './copy-words.ts';
import { isCovered } from './covered.ts';

/** A backup's end is copied at once (with what else comes in this time), everything else after a minute. */
const GATHER_MS = 200;
const COPY_EVERY_MS = 60_000;
/** A copy that is older is a trouble of the house: it is what a total loss would cost the audit. */
const LAG_MS_MAX = 10 * 60_000;

/**
 * Copies the event log into the repository, by the process that keeps the log: after every backup, and every minute. Before this process leads, log
 * and copy are compared (REPOSITORY.md section 5): nobody gives events their order before the log is known to be the newest there is.
 */
@Injectable()
export class CopyLog implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly access: RepositoryAccess;
  private readonly memory: HeadsMemory;
  private readonly loop: PollLoop;
  private copy: LogCopy | undefined;
  private remembered: RememberedHeads | undefined;
  private leads = false;
  private trouble: Error | undefined;
  private copiedAt = 0;
  private importedTo: number | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly health: ServiceHealth,
  ) {
    const { config, now, database, log } = house;
    this.access = new RepositoryAccess({ config, mode: 'extend', now });
    this.memory = new HeadsMemory(database, join(config.home, 'remembered-heads.json'));
    const onError = (error: unknown) => {
      if ((error as Error).message !== this.trouble?.message)
        log.error({ err: error }, 'the event log could not be copied into the repository');
      this.trouble = error as Error;
      return undefined;
    };
    this.loop = new PollLoop({ round: () => this.round(), pollMs: 5_000, onError });
  }

  onApplicationBootstrap(): void {
    this.health.register('log copy', async () => this.problem());
    this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
    await this.access.close();
  }

  /** Opened; undefined while there is none. @throws RepositoryGone, and what opening throws */
  repository(): Promise<Repository | undefined> {
    return this.openRepository();
  }

  /** What the repository shows less of than is remembered, and how to take it as it is. @throws what opening it throws */
  async whatIsLacking(): Promise<{ repositoryId: string; lacks: readonly string[]; accept: () => Promise<void> }> {
    const known = await this.memory.all();
    const repository = (await this.access.exists()) ? await this.access.open() : undefined;
    if (!repository) return this.goneForGood(known.filter(({ lacks }) => !lacks.includes(GIVEN_UP)));
    const before = known.find(({ repositoryId }) => repositoryId === repository.id);
    const seen = await seenHeads(repository);
    const accept = async () => {
      await this.memory.remember({ ...seen, position: 0, hash: '', adoptions: before!.adoptions + 1, lacks: [] });
      this.loop.nudge();
    };
    return { repositoryId: repository.id, lacks: before ? lacksOf(before, seen) : [], accept };
  }

  private goneForGood(known: readonly RememberedHeads[]) {
    const accept = async () => {
      for (const heads of known) await this.memory.remember({ ...heads, adoptions: heads.adoptions + 1, lacks: [GIVEN_UP] });
      this.trouble = undefined;
    };
    return {
      repositoryId: known[0]?.repositoryId ?? 'none',
      lacks: known.map(({ repositoryId }) => `all of repository ${repositoryId}`),
      accept,
    };
  }

  /**
   * For the sequencer, whenever it begins to lead. Imports what the log lacks. When the repository cannot be asked, the log may be served all the same
   * if it holds what DR_HOME remembers of the copy: then nothing can be missing.
   * @throws why nothing may be sealed: the repository is out of reach and the log may be an older one, or it is another house's
   */
  async beforeLeading(): Promise<void> {
    this.leads = false;
    this.copy = undefined;
    try {
      await this.open(true);
      this.trouble = undefined;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'log_copy.foreign' || !(await this.isServable())) throw error;
      this.trouble = error as Error;
      this.house.log.error(
        { err: error },
        'the repository could not be compared with the event log, which holds everything that was ever seen there',
      );
    }
    this.leads = true;
    this.loop.nudge();
  }

  /** Events were sealed by us: perhaps the end of a backup. */
  sealed(): void {
    this.loop.nudge();
  }

  /** While events come back: how far. */
  get imported(): number | undefined {
    return this.importedTo;
  }

  /** How far the copy is behind; undefined while there is no repository. */
  async lag(): Promise<CopyLag | undefined> {
    return this.copy?.lag();
  }

  private isServable(): Promise<boolean> {
    return isCovered(this.house.database, this.memory);
  }

  private async open(mayImport: boolean): Promise<void> {
    const repository = await this.openRepository();
    if (!repository) return;
    const { database, store, config } = this.house;
    const told = (position: number) => {
      this.importedTo = position;
    };
    const copy = new LogCopy({ database, store, uri: config.repository.uri, told }, repository);
    const before = await this.memory.of(repository.id);
    const seen = await seenHeads(repository);
    const lacks = before ? lacksOf(before, seen) : [];
    if (before && lacks.length > 0) return this.onlyRead({ ...before, lacks });
    if (seen.position > (await logHead(database)).position) await this.bringWordsBack(repository);
    try {
      this.tell(await copy.reconcile({ mayImport, isNew: mayImport && !before }));
    } finally {
      this.importedTo = undefined;
    }
    this.copy = copy;
    await this.remember(seen, before);
  }

  private async openRepository() {
    try {
      return await this.access.open();
    } catch (error) {
      if (!(error instanceof RepositoryMissing || error instanceof StoreMissing)) throw error;
      const known = (await this.memory.all()).filter(({ lacks }) => !lacks.includes(GIVEN_UP));
      if (known.length === 0) return undefined;
      throw new RepositoryGone(
        this.house.config.repository.uri,
        known.map(({ repositoryId }) => repositoryId),
      );
    }
  }

  /** Before the log, so that a kill in between loses none: they are brought back as long as the log is behind. */
  private async bringWordsBack(repository: Repository): Promise<void> {
    const damaged = await bringWordsBack(this.house.database, repository);
    if (damaged.length > 0) this.house.log.error({ objects: damaged }, 'descriptions could not be read in the repository');
  }

  private async onlyRead(heads: RememberedHeads): Promise<void> {
    await this.memory.remember(heads);
    throw new RepositoryRolledBack(this.house.config.repository.uri, heads.lacks);
  }

  private tell({ imported, forked, salvaged, skipped }: Reconciled): void {
    const { log } = this.house;
    const say =
      imported && `The repository held the event log of this house: events ${imported.first} to ${imported.last} came back from there.`;
    if (imported) log.warn({ ...imported, say }, 'the database lacked events, which were taken from the repository');
    if (forked) log.warn({ ...forked, salvaged, skipped }, 'the log and its copy in the repository part; the copy goes on as a new epoch');
  }

  private async remember(seen: SeenHeads, before: RememberedHeads | undefined): Promise<void> {
    const { epoch, position, hash } = this.copy!.end!;
    const ledgers = highest(before?.ledgers ?? {}, seen.ledgers);
    this.remembered = { repositoryId: seen.repositoryId, epoch, position, hash, ledgers, adoptions: before?.adoptions ?? 0, lacks: [] };
    await this.memory.remember(this.remembered);
  }

  private async round(): Promise<boolean> {
    if (!this.leads) return false;
    if (!this.copy) await this.open(false);
    if (!this.copy || !(await this.isDue(this.copy))) return false;
    const before = this.copy.end!.position;
    const more = await this.copy.extend();
    this.trouble = undefined;
    if (!more) this.copiedAt = this.house.now();
    const { epoch, position, hash } = this.copy.end!;
    if (position !== before) {
      this.remembered = { ...this.remembered!, epoch, position, hash };
      await this.memory.remember(this.remembered);
    }
    if (!more) while (await copyWords(this.house.database, await this.access.open()));
    return more && position !== before;
  }

  private async isDue(copy: LogCopy): Promise<boolean> {
    if (this.house.now() - this.copiedAt >= COPY_EVERY_MS) return true;
    if (!(await copy.isDue())) return false;
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    return true;
  }

  private async problem(): Promise<string | undefined> {
    if (this.trouble && isStanding(this.trouble)) return this.trouble.message;
    const lag = await this.lag();
    if (!lag || lag.ageMs < LAG_MS_MAX) return this.trouble && !this.copy ? this.trouble.message : undefined;
    return `${lag.behind} events are not in the repository yet, the oldest for ${Math.round(lag.ageMs / 1000)} s. ${this.trouble?.message ?? ''}`.trim();
  }
}

/** Troubles that need somebody; all others go away by themselves. */
const isStanding = (error: Error): boolean => String((error as { code?: unknown }).code).startsWith('log_copy.');
