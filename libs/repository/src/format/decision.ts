import { Malformed } from '../errors.ts';
import { belongingOf, ownerOf, type TenantScope } from '../tenant-scope.ts';
import type { Commit, CommitManifest, Decision, Tombstone } from '../types.ts';
import type { Description } from './description.ts';
import { sha256Hex } from './hashes.ts';
import { FORMAT_VERSION, SALT_BYTES } from './seal.ts';
import { decodeSealed, encodeSealed, FORMAT_PINNING } from './sealed-json.ts';
import { decodeSigned, encodeSigned } from './signed-json.ts';

/** What a commit object holds. */
interface CommitBody extends CommitManifest {
  readonly format: number;
  readonly kind: 'commit';
  readonly repository: Description;
  /** SHA-256 of each index segment of the session. */
  readonly segments: readonly string[];
  readonly storedBytes: number;
}

/** In clear, so that it can be told apart without keys and outlives an erased tenant; only the reason, which may quote people, is sealed. */
interface TombstoneBody {
  readonly format: number;
  readonly kind: 'tombstone';
  readonly backupId: string;
  readonly decidedAtMs: number;
  /** Base64 of a sealed {format, reason}. */
  readonly sealed: string;
}

export interface CommitParts {
  readonly manifest: CommitManifest;
  readonly segments: readonly string[];
  readonly storedBytes: number;
  /** Its trees hold entries that only pin. */
  readonly pins: boolean;
}

export function encodeCommit(scope: TenantScope, { manifest, segments, storedBytes, pins }: CommitParts): Buffer {
  const format = pins ? FORMAT_PINNING : FORMAT_VERSION;
  const body: CommitBody = { format, kind: 'commit', repository: scope.description, ...manifest, segments, storedBytes };
  const key = scope.names.decision(manifest.backupId);
  return encodeSealed('commit', key, belongingOf(scope), scope.keys.dataKey(scope.keys.epoch), scope.random(SALT_BYTES), body);
}

export function encodeTombstone(scope: TenantScope, backupId: string, reason: string): Buffer {
  const key = scope.names.decision(backupId);
  const secret = scope.keys.dataKey(scope.keys.epoch);
  const sealed = encodeSealed('commit', reasonPart(key), belongingOf(scope), secret, scope.random(SALT_BYTES), {
    format: FORMAT_VERSION,
    reason,
  });
  const body: TombstoneBody = {
    format: FORMAT_VERSION,
    kind: 'tombstone',
    backupId,
    decidedAtMs: scope.now(),
    sealed: sealed.toString('base64'),
  };
  return encodeSigned(scope.ring, key, body);
}

const reasonPart = (key: string): string => `${key} reason`;

function decodeTombstone(scope: TenantScope, backupId: string, bytes: Uint8Array): Tombstone {
  const key = scope.names.decision(backupId);
  const { kind, backupId: named, decidedAtMs, sealed } = decodeSigned<TombstoneBody>(scope.ring, key, bytes);
  if (kind !== 'tombstone' || named !== backupId) throw new Malformed('it is the tombstone of another backup');
  const open = (): { format: number; reason: string } =>
    decodeSealed('commit', reasonPart(key), ownerOf(scope), (epoch) => scope.keys.dataKey(epoch), Buffer.from(sealed, 'base64'));
  return { kind, backupId, tenant: scope.keys.tenant, reason: open().reason, decidedAtMs, storagePath: key };
}

/** A decision object, whichever it is. @throws Malformed, FormatTooNew. */
export function decodeDecision(scope: TenantScope, backupId: string, bytes: Uint8Array): Decision {
  const key = scope.names.decision(backupId);
  if (bytes[0] === '{'.charCodeAt(0)) return decodeTombstone(scope, backupId, bytes);
  const body = decodeSealed<CommitBody>('commit', key, ownerOf(scope), (epoch) => scope.keys.dataKey(epoch), bytes);
  if (body.kind !== 'commit' || body.backupId !== backupId) throw new Malformed('it is the commit of another backup');
  const { format: _, repository: __, segments, ...commit } = body;
  return {
    ...commit,
    segments: segments.map((name) => scope.names.segment(backupId, name)),
    checksum: sha256Hex(bytes),
    storagePath: key,
  } satisfies Commit;
}

/** The repository's description as a commit repeats it; undefined for a tombstone. @throws Malformed, FormatTooNew. */
export function decodeCommitDescription(scope: TenantScope, backupId: string, bytes: Uint8Array): Description | undefined {
  if (bytes[0] === '{'.charCodeAt(0)) return undefined;
  const key = scope.names.decision(backupId);
  return decodeSealed<CommitBody>('commit', key, ownerOf(scope), (epoch) => scope.keys.dataKey(epoch), bytes).repository;
}
