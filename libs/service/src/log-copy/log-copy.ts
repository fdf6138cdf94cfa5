import { repositoryDecider, streamOf } from '@dr/domain';
import { backupEndedSince, type CopyLag, copyLag, type EventStore, type LogHead, sealedBodies } from '@dr/event-store';
import { Damaged, type LogArchive, type LogSegment, type Repository, SEGMENT_BYTES_MAX, SEGMENT_EVENTS_MAX } from '@dr/repository';
import type { DataSource } from 'typeorm';
import { type CopyHead, compareLog, type LogComparison } from './compare-log.ts';
import { ForeignLog, SharedRepository } from './errors.ts';
import { type ImportedLog, importLog } from './import-log.ts';

export interface LogCopyParts {
  readonly database: DataSource;
  readonly store: EventStore;
  readonly uri: string;
  /** How far an import has come, now and then. */
  readonly told?: (position: number) => void;
}

/** What a comparison did. */
export interface Reconciled {
  readonly imported?: { readonly first: number; readonly last: number };
  readonly forked?: {
    readonly epoch: number;
    readonly position: number;
    readonly cause: 'diverged' | 'unreadable';
    readonly objects: readonly string[];
  };
  readonly salvaged: number;
  readonly skipped: number;
}

const NOTHING: Reconciled = { salvaged: 0, skipped: 0 };

/**
 * The copy of the event log in one repository, seen from the house that writes it: brought into agreement with the log first, then extended by
 * what was sealed since. Safe to be used by two processes at once: segments are created if absent, and whoever comes second goes on behind the
 * first one's.
 */
export class LogCopy {
  private readonly parts: LogCopyParts;
  private readonly repository: Repository;
  private head: CopyHead | undefined;

  constructor(parts: LogCopyParts, repository: Repository) {
    this.parts = parts;
    this.repository = repository;
  }

  get repositoryId(): string {
    return this.repository.id;
  }

  /** Where the copy ends; undefined before `reconcile`. */
  get end(): CopyHead | undefined {
    return this.head;
  }

  /**
   * Compares and makes both agree. The copy is ahead: its events are imported, if `mayImport` (nobody has served from the shorter log yet). They part:
   * the log goes on as a new epoch of the copy. What happened is recorded in the log. A house that has never seen the copy (`isNew`) can have what both
   * hold from there only: that belongs to the import too, which a kill may have ended before it was recorded.
   * @throws ForeignLog when they have nothing in common; what store and database throw. Safe to repeat after any failure.
   */
  async reconcile({ mayImport, isNew = false }: { mayImport: boolean; isNew?: boolean }): Promise<Reconciled> {
    const copy = await this.repository.log();
    const compared = await compareLog(this.parts.database, copy);
    const own = isNew ? 0 : compared.common.position;
    if (compared.epoch === 0 || !compared.copyGoesOn) {
      this.head = { ...compared.common, epoch: Math.max(1, compared.epoch) };
      const done = { ...NOTHING, ...importedOf(own, compared.common) };
      await this.record(compared, done);
      return done;
    }
    if (isForeign(compared)) throw new ForeignLog(this.parts.uri, this.repository.id, compared.log.position);
    const isBehind = compared.common.position === compared.log.position;
    const done = mayImport && isBehind ? await this.import(copy, compared, own) : this.diverged(compared);
    await this.record(compared, done);
    return done;
  }

  private async import(copy: LogArchive, { common, epoch }: LogComparison, own: number): Promise<Reconciled> {
    const read = await importLog(this.parts.database, copy, common, this.parts.told ?? (() => undefined));
    this.head = { ...read.common, epoch };
    const parted = read.conflict || read.breaks.length > 0;
    if (parted) this.beginEpoch(epoch, read.common);
    return {
      ...importedOf(own, read.common),
      ...(parted && { forked: forkOf(epoch, read) }),
      salvaged: read.salvaged,
      skipped: read.skipped,
    };
  }

  private diverged({ common, epoch, unreadable }: LogComparison): Reconciled {
    this.beginEpoch(epoch, common);
    const cause = unreadable.length > 0 ? 'unreadable' : 'diverged';
    return { ...NOTHING, forked: { epoch: epoch + 1, position: common.position, cause, objects: unreadable } };
  }

  private beginEpoch(from: number, { position, hash }: LogHead): void {
    this.head = { position, hash, epoch: from + 1, fork: { epoch: from, position, hash } };
  }

  private async record({ epoch }: LogComparison, { imported, forked, salvaged, skipped }: Reconciled): Promise<void> {
    const repositoryId = this.repository.id;
    const decide = (command: Parameters<typeof repositoryDecider.decide>[1], commandId: string) =>
      this.parts.store.decide(streamOf.repository(repositoryId), repositoryDecider, command, {
        commandId,
        meta: { tenant: '*', requestId: 'start', actor: 'catalog' },
      });
    if (imported) {
      const id = `import-${repositoryId}-${epoch}-${imported.first}-${imported.last}`;
      await decide({ kind: 'recordImport', repositoryId, epoch, ...imported }, id);
    }
    if (!forked) return;
    const { objects, ...fork } = forked;
    const told = { ...fork, objects: objects.slice(0, OBJECTS_TOLD), fromEpoch: epoch, salvaged, skipped };
    await decide({ kind: 'recordFork', repositoryId, ...told }, `fork-${repositoryId}-${fork.epoch}-${fork.position}`);
  }

  /**
   * Copies what was sealed since, one segment. @returns whether there may be more. When another process was first the next round goes on behind its
   * segment. @throws SharedRepository when somebody has written another log behind ours meanwhile: nothing is written, until `reconcile` is asked again
   */
  async extend(): Promise<boolean> {
    const head = this.head;
    if (!head) throw new Error('the copy was not compared yet');
    const limits = { events: SEGMENT_EVENTS_MAX, bytes: SEGMENT_BYTES_MAX };
    const sealed = await sealedBodies(this.parts.database, head.position, limits);
    if (!sealed) return false;
    const segment: LogSegment = {
      epoch: head.epoch,
      first: head.position + 1,
      previous: head.hash,
      bodies: sealed.bodies,
      ...(head.fork && { fork: head.fork }),
    };
    if ((await this.othersAhead(head)) || (await this.othersFirst(segment))) await this.goOnBehindOthers();
    else this.head = { epoch: head.epoch, position: head.position + sealed.bodies.length, hash: sealed.hash };
    return this.head!.position > head.position;
  }

  /**
   * Segments lie where only this house would have put some: behind the copy's head, or in an epoch that we have not begun yet. Names are enough: a house
   * that went on in an epoch of its own never meets our keys.
   */
  private async othersAhead({ epoch, position, fork }: CopyHead): Promise<boolean> {
    const names = await (await this.repository.log()).names();
    return names.some((name) => name.epoch > epoch || (name.epoch === epoch && (fork !== undefined || name.first > position)));
  }

  /** Another process of this house has written our own log; one that holds other events is another house. Damage is no sign of either. */
  private async goOnBehindOthers(): Promise<void> {
    const { common, epoch, copyGoesOn, unreadable } = await compareLog(this.parts.database, await this.repository.log());
    if (copyGoesOn && unreadable.length === 0) throw new SharedRepository(this.parts.uri, this.repository.id, epoch, common.position);
    await this.reconcile({ mayImport: false });
  }

  /** Somebody's segment lies in the place of ours, whole or damaged. */
  private async othersFirst(segment: LogSegment): Promise<boolean> {
    try {
      return (await (await this.repository.log()).put(segment)) !== undefined;
    } catch (error) {
      if (error instanceof Damaged) return true;
      throw error;
    }
  }

  lag(): Promise<CopyLag> {
    return copyLag(this.parts.database, this.head?.position ?? 0);
  }

  /** A backup has ended since the last segment. */
  async isDue(): Promise<boolean> {
    return this.head !== undefined && (await backupEndedSince(this.parts.database, this.head.position));
  }
}

/** What came back behind the events that the house had of its own. */
const importedOf = (own: number, { position }: LogHead): Pick<Reconciled, 'imported'> =>
  position > own ? { imported: { first: own + 1, last: position } } : {};

/** Objects named in one event; all of them are in the log of the service. */
const OBJECTS_TOLD = 1_000;

/** Two logs that share not even their first event, and both can be read. */
const isForeign = ({ common, log, unreadable }: LogComparison): boolean =>
  common.position === 0 && log.position > 0 && unreadable.length === 0;

const forkOf = (epoch: number, { common, breaks }: ImportedLog): NonNullable<Reconciled['forked']> => ({
  epoch: epoch + 1,
  position: common.position,
  cause: breaks.length > 0 ? 'unreadable' : 'diverged',
  objects: breaks.map(({ object }) => object),
});
