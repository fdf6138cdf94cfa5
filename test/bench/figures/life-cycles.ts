import { type DomainEvent, type Finding, streamOf } from '@dr/domain';

/** An event of a generated log, as its stream has it. */
export interface GeneratedEvent {
  readonly stream: string;
  readonly version: number;
  readonly at: Date;
  readonly tenant: string;
  readonly event: DomainEvent;
}

/** One backup from its request to what became of it, in the order in which a house writes it. */
export interface LifeCycle {
  readonly backupId: string;
  readonly tenant: string;
  readonly events: readonly GeneratedEvent[];
}

/** Nine backups of ten are of one tenant, the others of thousands of small ones. */
export const BIG_TENANT = 'acme';
export const SMALL_TENANTS = 5_000;

const FIRST_AT = Date.UTC(2024, 0, 1);
const APART_MS = 53_000;

/** The same number gives the same backup, always. */
export function lifeCycle(i: number): LifeCycle {
  const at = new Date(FIRST_AT + i * APART_MS);
  const tenant = i % 10 === 9 ? `tenant-${mixed(i, 1) % SMALL_TENANTS}` : BIG_TENANT;
  const backupId = idAt('backup', at, i);
  const life = new Life(backupId, tenant, at.getTime());
  const datasets = datasetsOf(i, tenant);
  const backupType = (['full', 'incremental', 'incremental', 'incremental', 'differential'] as const)[i % 5]!;
  life.add('BackupRequested', { backupId, tenant, backupType, datasets, requestedBy: `key_${i % 7}`, textDigest: hex(i, 'text') });
  life.add('BackupStarted', {});
  capture(life, i, datasets);
  finish(life, i, datasets.length);
  return { backupId, tenant, events: life.events };
}

/** `count` life cycles whose events are mixed as in a house where some backups run at a time. */
export function* generatedLog(count: number, atOnce = 8): Generator<GeneratedEvent> {
  for (let from = 0; from < count; from += atOnce) {
    const open = Array.from({ length: Math.min(atOnce, count - from) }, (_, k) => [...lifeCycle(from + k).events]);
    while (open.some((events) => events.length > 0)) {
      for (const events of open) if (events.length > 0) yield events.shift()!;
    }
  }
}

/** Events of one backup and of what belongs to it, with the versions of their streams and a clock that goes on. */
export class Life {
  readonly events: GeneratedEvent[] = [];
  private readonly backupId: string;
  private readonly tenant: string;
  private readonly versions = new Map<string, number>();
  private now: number;

  constructor(backupId: string, tenant: string, now: number) {
    this.backupId = backupId;
    this.tenant = tenant;
    this.now = now;
  }

  /** Without `stream`: of the backup itself. */
  add<Type extends DomainEvent['type']>(
    type: Type,
    data: Extract<DomainEvent, { type: Type }>['data'],
    stream = streamOf.backup(this.backupId),
  ): void {
    const version = (this.versions.get(stream) ?? 0) + 1;
    this.versions.set(stream, version);
    this.now += 180;
    this.events.push({ stream, version, at: new Date(this.now), tenant: this.tenant, event: { type, data } as DomainEvent });
  }

  get time(): string {
    return new Date(this.now).toISOString();
  }
}

function datasetsOf(i: number, tenant: string) {
  const first = mixed(i, 2) % 40;
  return Array.from({ length: 1 + (mixed(i, 3) % 4) }, (_, k) => {
    const datasetId = `dataset-${first + k}`;
    return { n: k + 1, datasetId, format: ((first + k) % 3 === 0 ? 'v3' : 'v4') as 'v3' | 'v4', path: `${tenant}/${datasetId}` };
  });
}

function capture(life: Life, i: number, datasets: ReturnType<typeof datasetsOf>): void {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { n, datasetId, format } of datasets) {
    const { stream, backupId } = placeOf(life, n);
    if (isPartial(i) && n === 1) {
      const why = { code: 'store.unavailable', message: 'the source did not answer in time', findings: [], findingCounts: counts };
      life.add('DatasetCaptureFailed', { backupId, n, datasetId, ...why }, stream);
      continue;
    }
    const sizes = { objects: 40 + n, bytes: 4_000_000 + i, newBytes: i % 90_000, storedBytes: i % 50_000 };
    const heads = {
      headVersion: String(i % 900),
      branches: [{ name: 'main', id: 'main', headVersion: String(i % 900), rows: 10_000 }],
      tags: [],
    };
    const isTorn = i % 90 === 5 && n === 1;
    const findings: Finding[] = isTorn ? [{ format, code: 'T6', severity: 'error', path: '_txn/7', message: 'a file is not there' }] : [];
    const found = { findings, findingCounts: { ...counts, error: findings.length }, intact: !isTorn };
    life.add(
      'DatasetCaptured',
      { backupId, n, datasetId, format, root: hex(i, `root ${n}`), ...sizes, ...heads, rows: 10_000, ...found },
      stream,
    );
  }
}

const placeOf = ({ events }: Life, n: number) => {
  const backupId = events[0]!.stream.slice('backup-'.length);
  return { backupId, stream: streamOf.capture(backupId, n) };
};

const isPartial = (i: number): boolean => i % 40 === 11;

/** How it ended, and what came after: verifications, deletions, restores. */
function finish(life: Life, i: number, expected: number): void {
  if (i % 50 === 13) life.add('BackupFailed', { code: 'store.full', message: 'The store has no space left.' });
  else if (i % 50 === 23) cancel(life);
  else seal(life, i, expected);
}

function cancel(life: Life): void {
  life.add('BackupCancelRequested', { by: 'key_1' });
  life.add('BackupCancelled', {});
}

function seal(life: Life, i: number, expected: number): void {
  const failed = isPartial(i) ? 1 : 0;
  life.add('BackupCapturesEnded', { done: expected - failed, failed });
  life.add('BackupSealed', sealed(life, i, expected, failed));
  if (i % 10 === 0) verify(life, i);
  if (i % 60 === 7) restore(life, i);
  if (i % 30 === 17) {
    life.add('BackupDeleteRequested', { by: 'key_1', force: false });
    life.add('BackupDeleted', { purgeAfter: life.time });
  }
}

function sealed(life: Life, i: number, expected: number, failed: number) {
  const { backupId } = placeOf(life, 1);
  const isTorn = i % 90 === 5;
  const missing = failed > 0 || isTorn ? [{ datasetId: 'dataset-x', cause: failed > 0 ? 'the source did not answer' : 'v4 T6' }] : [];
  return {
    outcome: missing.length === 0 ? ('completed' as const) : ('partial' as const),
    checksum: hex(i, 'manifest'),
    storagePath: `t/${hex(i, 'tenant').slice(0, 8)}/backups/${backupId}`,
    committedAt: life.time,
    objects: 40 * expected,
    bytes: 4_000_000 * expected,
    newBytes: i % 90_000,
    storedBytes: i % 50_000,
    expected,
    done: expected - missing.length,
    missing,
  };
}

function verify(life: Life, i: number): void {
  const [first] = life.events;
  const { backupId } = placeOf(life, 1);
  const verificationId = idAt('verification', first!.at, i);
  const stream = streamOf.verification(verificationId);
  const level = i % 20 === 0 ? 'full' : 'quick';
  life.add('VerificationRequested', { verificationId, backupId, tenant: first!.tenant, level, requestedBy: 'key_1' }, stream);
  life.add('VerificationEnded', { outcome: 'passed', objects: 90, bytes: 9_000_000, findings: [], findingsTotal: 0 }, stream);
  life.add('BackupVerified', { verificationId, ok: true, at: life.time });
}

function restore(life: Life, i: number): void {
  const { at, tenant } = life.events[0]!;
  const { backupId } = placeOf(life, 1);
  const restoreId = idAt('restore', at, i);
  const stream = streamOf.restore(restoreId);
  const flags = {
    overwriteExisting: true,
    verifyIntegrity: true,
    restoreIndexes: true,
    restoreMetadata: true,
    keepTornHead: false,
    force: false,
  };
  const datasets = [{ n: 1, from: 'dataset-1', to: 'dataset-1', format: 'v4' as const, root: hex(i, 'root 1') }];
  const wish = { restoreId, backupId, tenant, targetTenant: tenant, datasets, requestedBy: 'key_1', lacking: [] };
  life.add('RestoreRequested', { ...wish, options: { ...flags, datasetMapping: {}, paths: [] } }, stream);
  life.add('RestoreStarted', {}, stream);
  life.add('RestoreSwapping', {}, stream);
  life.add('DatasetRestored', { n: 1, from: 'dataset-1', to: 'dataset-1', objects: 40, bytes: 4_000_000, findings: [] }, stream);
  life.add('RestoreEnded', { outcome: 'completed', expected: 1, done: 1, failed: 0 }, stream);
}

const digits = (n: number, length: number): string => String(n).padStart(length, '0');

/** `backup_20240101_000000_0000002a`: of the shape that the house gives, the number as its last part. */
export function idAt(kind: string, at: Date, i: number): string {
  const day = `${at.getUTCFullYear()}${digits(at.getUTCMonth() + 1, 2)}${digits(at.getUTCDate(), 2)}`;
  const time = `${digits(at.getUTCHours(), 2)}${digits(at.getUTCMinutes(), 2)}${digits(at.getUTCSeconds(), 2)}`;
  return `${kind}_${day}_${time}_${i.toString(16).padStart(8, '0')}`;
}

/** A number that follows no pattern, the same one every time. */
function mixed(i: number, salt: number): number {
  let x = (Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) >>> 0;
  return (x ^ (x >>> 13)) >>> 0;
}

/** 64 hex digits that stand for a digest. */
function hex(i: number, what: string): string {
  let text = '';
  for (let part = 0; part < 8; part++)
    text += mixed(i + what.length * 7919, part + what.charCodeAt(0))
      .toString(16)
      .padStart(8, '0');
  return text;
}
