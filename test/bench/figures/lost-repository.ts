import { mkdir } from 'node:fs/promises';
import { encodeBody } from '@dr/event-store';
import { CHAIN_START, chainedAll, initRepository, type LogArchive, type TenantRepository } from '@dr/repository';
import { openStore } from '@dr/storage';
import { NarrowStore } from '../scale/narrow-store.ts';
import { recordedOf } from './fill-log.ts';
import { type GeneratedEvent, idAt, Life } from './life-cycles.ts';

/** Passphrase of the repositories that are made here. */
export const PASSPHRASE = 'a passphrase of the benchmark';

const TENANT = 'lost';
const DATASET = 'tiny';
/** The house asks for the key once; how long that takes is not what is measured. */
const CHEAP = { memoryKiB: 8, passes: 1, parallelism: 1 };

/**
 * What is left of a house that made `backups` backups and was lost: its repository in `folder`, with the commit of each and the copy of the event
 * log, which was written after each one as the catalog does it: as many segments as backups. @returns how many events that are.
 */
export async function makeLostRepository(folder: string, backups: number): Promise<number> {
  await mkdir(folder, { recursive: true });
  const inner = await openStore(folder);
  const store = new NarrowStore(inner, folder);
  const repository = await initRepository(store, { unlock: { passphrase: async () => PASSPHRASE }, now: Date.now, kdf: CHEAP });
  const tenant = await repository.tenant(TENANT, { create: true });
  const copy = new LogCopy(await repository.log());
  for (let n = 0; n < backups; n++) {
    store.forget();
    await copy.add(await makeBackup(tenant, n));
  }
  await repository.close();
  await inner.close();
  return copy.position;
}

/** A backup of one file, through the engine. @returns its events, as a house would have written them */
async function makeBackup(tenant: TenantRepository, n: number): Promise<readonly GeneratedEvent[]> {
  const at = Date.UTC(2025, 0, 1) + n * 600_000;
  const backupId = idAt('backup', new Date(at), n);
  const session = await tenant.session(backupId, { type: 'full' });
  const { root, objects, bytes, newBytes } = await session.capture({ datasetId: DATASET, root: '/', files: oneFile(n) });
  const datasets = [{ datasetId: DATASET, format: 'opaque' as const, root, status: 'completed', objects, bytes, newBytes }];
  const committed = await session.commit({ backupId, tenant: TENANT, type: 'full', datasets, createdAtMs: at, expected: 1 });
  await session.close();
  if (committed.kind !== 'commit') throw new Error(`${backupId} was not committed`);
  return lifeOf({ backupId, at, root, objects, bytes, newBytes });
}

async function* oneFile(n: number) {
  const content = Buffer.alloc(600, `backup ${n} `);
  const identity = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };
  yield [{ path: 'file', kind: 'file' as const, size: content.length, ...identity, content }];
}

interface Made {
  readonly backupId: string;
  readonly at: number;
  readonly root: string;
  readonly objects: number;
  readonly bytes: number;
  readonly newBytes: number;
}

function lifeOf({ backupId, at, root, ...made }: Made): readonly GeneratedEvent[] {
  const life = new Life(backupId, TENANT, at);
  const sizes = { ...made, storedBytes: made.newBytes };
  const dataset = { n: 1, datasetId: DATASET, format: 'opaque' as const };
  const findings = { findings: [], findingCounts: { error: 0, warning: 0, info: 0 }, intact: true };
  const datasets = [{ ...dataset, path: `${TENANT}/${DATASET}` }];
  life.add('BackupRequested', { backupId, tenant: TENANT, backupType: 'full', datasets, requestedBy: 'key_1' });
  life.add('BackupStarted', {});
  const captured = { backupId, ...dataset, root, ...sizes, branches: [], tags: [], rows: 0, ...findings };
  life.add('DatasetCaptured', captured, `capture-${backupId}-1`);
  life.add('BackupCapturesEnded', { done: 1, failed: 0 });
  const place = { checksum: root, storagePath: `t/lost/backups/${backupId}`, committedAt: life.time };
  life.add('BackupSealed', { outcome: 'completed', ...place, ...sizes, expected: 1, done: 1, missing: [] });
  return life.events;
}

/** The log's copy, segment by segment. */
class LogCopy {
  position = 0;
  private hash = CHAIN_START;
  private readonly archive: LogArchive;

  constructor(archive: LogArchive) {
    this.archive = archive;
  }

  async add(events: readonly GeneratedEvent[]): Promise<void> {
    const bodies = events.map((event) => encodeBody(recordedOf(event)));
    await this.archive.put({ epoch: 1, first: this.position + 1, previous: this.hash, bodies });
    this.hash = chainedAll(this.hash, bodies);
    this.position += bodies.length;
  }
}
