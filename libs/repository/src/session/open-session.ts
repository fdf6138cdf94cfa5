import { probeCreateIfAbsent } from '@dr/storage';
import { readDecision } from '../decisions.ts';
import { BackupDecided, Malformed } from '../errors.ts';
import { checkBackupId } from '../format/object-names.ts';
import { decodeSession, encodeSession } from '../format/session-object.ts';
import { KnownPieces, type KnownTable, newTable } from '../index/known-pieces.ts';
import type { PieceIndex } from '../index/piece-index.ts';
import { listPacks, TenantIndex } from '../index/tenant-index.ts';
import { type Ledger, readLedger } from '../ledger.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { BackupType } from '../types.ts';
import { newTrust, PackTrust } from '../workers/pack-trust.ts';
import { type FoundPack, packsOfSession } from './found-packs.ts';

/** Everything a session has read before it captures. */
export interface SessionStart {
  readonly joined: boolean;
  readonly type: BackupType;
  readonly ledger: Ledger;
  readonly index: TenantIndex;
  /** Packs of this session that no segment names yet. */
  readonly found: readonly FoundPack[];
  readonly known: KnownPieces;
  readonly table: KnownTable;
  readonly trust: PackTrust;
  readonly trustStates: SharedArrayBuffer;
  /** Per pack of the index: listed with its size, and no plan names it. */
  readonly usable: readonly boolean[];
}

/**
 * Registers the backup, then reads ledger, index and listing, in this order (REPOSITORY.md section 6, R1). Joined sessions also find the packs they stored
 * before a crash.
 * @throws NoCreateIfAbsent, BackupDecided, Damaged (a plan that is not as written), FormatTooNew.
 */
export async function startSession(
  scope: TenantScope,
  backupId: string,
  type: BackupType,
  sharedIndex: () => Promise<TenantIndex>,
): Promise<SessionStart> {
  const key = scope.names.session(checkBackupId(backupId));
  await refuseDecided(scope, backupId);
  const { outcome, bytes } = await probeCreateIfAbsent(scope.store, key, encodeSession(scope, backupId, type));
  const joined = outcome === 'exists';
  const registered = joined ? typeOf(scope, backupId, bytes, type) : type;
  if (joined) await refuseDecided(scope, backupId);
  const ledger = await readLedger(scope, { tolerant: false });
  const index = await sessionIndex(scope, sharedIndex);
  const found = joined ? await packsOfSession(scope, backupId, (name) => index.pieces.ordinalOf(name) !== undefined) : [];
  const listed = await listPacks(scope);
  return {
    joined,
    type: registered,
    ledger,
    index,
    found,
    ...knownPieces(backupId, registered, { ledger, index, found, listed }),
  };
}

/**
 * An index of the session's own, in which packs stand that no segment names yet. What this process has read of the segments before is copied, not read again;
 * it holds nothing but what segments say, or a commit could build on packs of a session whose segment is never written.
 */
async function sessionIndex(scope: TenantScope, sharedIndex: () => Promise<TenantIndex>): Promise<TenantIndex> {
  const shared = await sharedIndex();
  await shared.load();
  return new TenantIndex(scope, shared);
}

/** The session's own type. That the object is there is the registration; a damaged one (verify tells of it) must not keep the backup from going on. */
function typeOf(scope: TenantScope, backupId: string, bytes: Uint8Array, asked: BackupType): BackupType {
  try {
    return decodeSession(scope, backupId, bytes).type;
  } catch (error) {
    if (error instanceof Malformed) return asked;
    throw error;
  }
}

async function refuseDecided(scope: TenantScope, backupId: string): Promise<void> {
  const decided = await readDecision(scope, backupId);
  if (decided) throw new BackupDecided(backupId, decided.kind);
}

interface Loaded {
  readonly ledger: Ledger;
  readonly index: TenantIndex;
  readonly found: readonly FoundPack[];
  readonly listed: ReadonlyMap<string, number>;
}

/** What need not be stored again: pieces in packs that are listed with their size and that no plan names. A full trusts a pack only once it is read. */
function knownPieces(backupId: string, type: BackupType, { ledger, index, found, listed }: Loaded) {
  for (const { pack, footer } of found) index.pieces.addPack(pack, footer.entries);
  const { pieces } = index;
  const own = ownPacks(index, backupId);
  for (const { pack } of found) own.add(pieces.ordinalOf(pack.name)!);
  const usable = pieces.packs.map((pack) => listed.get(pack.name) === pack.size && !ledger.victims.has(pack.name));
  const trustStates = newTrust(pieces.packs.length);
  const trust = new PackTrust(trustStates);
  pieces.packs.forEach((_, pack) => {
    if (own.has(pack) || (usable[pack] && type !== 'full')) trust.decide(pack, usable[pack]!);
  });
  const table = newTable(pieces.size);
  const known = new KnownPieces([table]);
  pieces.forEach((prefix, pack, base) => {
    if (usable[pack] && own.has(pack) && !base) known.enter(prefix, 'own');
  });
  pieces.forEach((prefix, pack, base) => {
    if (usable[pack] && !own.has(pack) && !base) known.enter(prefix, pack);
  });
  if (type !== 'full') enterDeltas(known, pieces, (pack) => usable[pack]!);
  return { known, table, trust, trustStates, usable };
}

/**
 * Pieces that have only a delta copy count as stored while a full copy of their base counts; 'own' says just that: stored, and no base for others. A full
 * stores them again.
 */
function enterDeltas(known: KnownPieces, pieces: PieceIndex, usable: (pack: number) => boolean): void {
  pieces.forEach((prefix, pack, base) => {
    if (base && usable(pack) && !pieces.fullCopies(base, usable).next().done) known.enter(prefix, 'own');
  });
}

/** Ordinals of the packs that a session's segments name. */
export function ownPacks(index: TenantIndex, backupId: string): Set<number> {
  const own = new Set<number>();
  for (const segment of index.segments.values()) if (segment.session === backupId) for (const pack of segment.packs) own.add(pack);
  return own;
}
