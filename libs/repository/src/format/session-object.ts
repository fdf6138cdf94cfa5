import { type TenantScope } from '../tenant-scope.ts';
import type { BackupType } from '../types.ts';
import { FORMAT_VERSION } from './seal.ts';
import { decodeSigned, encodeSigned } from './signed-json.ts';

/** The clear object that registers a backup before anything is read. `nonce` makes every writer's bytes its own. */
export interface SessionObject {
  readonly format: number;
  readonly kind: 'session';
  readonly backupId: string;
  readonly type: BackupType;
  readonly startedAtMs: number;
  readonly nonce: string;
}

export function encodeSession(scope: TenantScope, backupId: string, type: BackupType): Buffer {
  const nonce = Buffer.from(scope.random(16)).toString('hex');
  const body: SessionObject = { format: FORMAT_VERSION, kind: 'session', backupId, type, startedAtMs: scope.now(), nonce };
  return encodeSigned(scope.ring, scope.names.session(backupId), body);
}

/** @throws Malformed, FormatTooNew. */
export const decodeSession = (scope: TenantScope, backupId: string, bytes: Uint8Array): SessionObject =>
  decodeSigned<SessionObject>(scope.ring, scope.names.session(backupId), bytes);
