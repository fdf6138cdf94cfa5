import type { ObjectKey } from '@dr/storage';
import { BadRequest } from '../errors.ts';

/** Keys of every object of a repository, below its prefix. Source: REPOSITORY.md section 1. */
export const DESCRIPTION_KEY: ObjectKey = 'repository.json';

const ID = /^[a-z0-9_-]{1,128}$/;

/** @throws BadRequest unless the id can be a part of a key. */
export function checkBackupId(id: string): string {
  if (ID.test(id)) return id;
  throw new BadRequest(`"${id.slice(0, 80)}" was given as a backup id, but ids are 1 to 128 of a-z, 0-9, '_' and '-'`);
}

export type PackKind = 'data' | 'meta';

/** Keys of one tenant. @param tag 32 hex digits. */
export function tenantKeys(tag: string) {
  const top = `t/${tag}/`;
  return {
    top,
    session: (backupId: string): ObjectKey => `${top}sessions/${backupId}`,
    sessions: `${top}sessions/`,
    pack: (kind: PackKind, name: string): ObjectKey => `${top}packs/${kind}/${name.slice(0, 2)}/${name}`,
    packs: `${top}packs/`,
    segment: (backupId: string, name: string): ObjectKey => `${top}index/0/${backupId}-${name}`,
    segmentsOf: (backupId: string): string => `${top}index/0/${backupId}-`,
    index: `${top}index/`,
    decision: (backupId: string): ObjectKey => `${top}backups/${backupId}`,
    decisions: `${top}backups/`,
    plan: (n: number): ObjectKey => `${top}ledger/${n}-plan`,
    ledger: `${top}ledger/`,
    holds: `${top}holds/`,
    words: `${top}words/`,
  };
}

export type TenantObjectKeys = ReturnType<typeof tenantKeys>;

/** Keys of the archived event log; positions have 16 digits, so that no key begins with another and the listing is in order. */
export const LOG_PREFIX = 'log/';
export const logKey = (epoch: number, first: number): ObjectKey => `${LOG_PREFIX}${epoch}/${String(first).padStart(16, '0')}`;

/** Epoch and first position of a log segment, from its key. */
export function logPlace(key: ObjectKey): { epoch: number; first: number } | undefined {
  const match = /^log\/([1-9][0-9]{0,8})\/([0-9]{16})$/.exec(key);
  return match ? { epoch: Number(match[1]), first: Number(match[2]) } : undefined;
}

const PACK = /\/packs\/(data|meta)\/([0-9a-f]{2})\/([0-9a-f]{64})$/;
const SEGMENT = /\/index\/(?:0\/([a-z0-9_-]{1,128})-|[1-9][0-9]*\/)([0-9a-f]{64})$/;

/** Kind and name of a pack, from its key; undefined for any other key. */
export function packOf(key: ObjectKey): { kind: PackKind; name: string } | undefined {
  const match = PACK.exec(key);
  if (!match || match[2] !== match[3]!.slice(0, 2)) return undefined;
  return { kind: match[1] as PackKind, name: match[3]! };
}

/** Session ('' for merged ones) and SHA-256 of an index segment, from its key. */
export function segmentOf(key: ObjectKey): { session: string; name: string } | undefined {
  const match = SEGMENT.exec(key);
  return match ? { session: match[1] ?? '', name: match[2]! } : undefined;
}

/** Number of a ledger plan, from its key. */
export function planNumber(key: ObjectKey): number | undefined {
  const match = /\/ledger\/([1-9][0-9]{0,8})-plan$/.exec(key);
  return match ? Number(match[1]) : undefined;
}
