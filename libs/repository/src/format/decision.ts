import { Malformed } from '../errors.ts';
import { belongingOf, ownerOf, type TenantScope } from '../tenant-scope.ts';
import type { Commit, CommitManifest, Decision, Tombstone } from '../types.ts';
import type { Description } from './description.ts';
import { sha256Hex } from './hashes.ts';
import { FORMAT_VERSION, SALT_BYTES } from './seal.ts';
import { decodeSealed, encodeSealed } from './sealed-json.ts';
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

type TombstoneBody = Omit<Tombstone, 'storagePath'> & { readonly format: number };

export interface CommitParts {
  readonly manifest: CommitManifest;
  readonly segments: readonly string[];
  readonly storedBytes: number;
}

export function encodeCommit(scope: TenantScope, { manifest, segments, storedBytes }: CommitParts): Buffer {
  const body: CommitBody = { format: FORMAT_VERSION, kind: 'commit', repository: scope.description, ...manifest, segments, storedBytes };
  const key = scope.names.decision(manifest.backupId);
  return encodeSealed('commit', key, belongingOf(scope), scope.keys.dataKey(scope.keys.epoch), scope.random(SALT_BYTES), body);
}

export function encodeTombstone(scope: TenantScope, backupId: string, reason: string): Buffer {
  const body: TombstoneBody = {
    format: FORMAT_VERSION,
    kind: 'tombstone',
    backupId,
    tenant: scope.keys.tenant,
    reason,
    decidedAtMs: scope.now(),
  };
  return encodeSigned(scope.ring, scope.names.decision(backupId), body);
}

/** A decision object, whichever it is. @throws Malformed, FormatTooNew. */
export function decodeDecision(scope: TenantScope, backupId: string, bytes: Uint8Array): Decision {
  const key = scope.names.decision(backupId);
  if (bytes[0] === '{'.charCodeAt(0)) {
    const { format: _, ...tombstone } = decodeSigned<TombstoneBody>(scope.ring, key, bytes);
    if (tombstone.kind !== 'tombstone' || tombstone.backupId !== backupId) throw new Malformed('it is the tombstone of another backup');
    return { ...tombstone, storagePath: key };
  }
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
