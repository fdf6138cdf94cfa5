import type { ObjectStore } from '@dr/storage';
import { KeyForeign } from './errors.ts';
import { NotAKeyObject } from './format/key-object.ts';
import { NONCE_BYTES } from './format/seal.ts';
import { openTenant, readTenantHeader, TENANT_KEY_BYTES, type TenantSecrets, wrapTenant } from './format/tenant-wrap.ts';
import { type CopiesRead, KEY_FOLDERS, listCopies, readCopies, writeCopies } from './two-copies.ts';

/** What the tenant wraps of one repository are opened and made with. */
export interface TenantWrapContext {
  store: ObjectStore;
  repositoryId: string;
  /** Wrap key of a master epoch; undefined for one that is not known. */
  wrapKey: (masterEpoch: number) => Uint8Array | undefined;
  masterEpoch: number;
  /** Fresh random bytes. */
  random: (bytes: number) => Uint8Array;
}

/** One epoch of a tenant, both copies looked at. */
export interface TenantEpoch extends CopiesRead<TenantSecrets & { bytes: Uint8Array }> {
  epoch: number;
}

export function tenantKeyName(tag: string, epoch: number): string {
  return `t/${tag}/${epoch}`;
}

/** All epochs of a tenant that either folder names, ascending. @throws KeyForeign, KeyFormatTooNew, what listing throws. */
export async function readTenant(context: TenantWrapContext, tag: string): Promise<TenantEpoch[]> {
  const names = [...(await listCopies(context.store, `t/${tag}/`)).keys()];
  const epochs = names
    .map((name) => Number(name.slice(name.lastIndexOf('/') + 1)))
    .filter((epoch) => Number.isSafeInteger(epoch) && epoch >= 1);
  return Promise.all(epochs.sort((a, b) => a - b).map((epoch) => readTenantEpoch(context, tag, epoch)));
}

export async function readTenantEpoch(context: TenantWrapContext, tag: string, epoch: number): Promise<TenantEpoch> {
  const read = await readCopies(context.store, tenantKeyName(tag, epoch), (bytes) => ({
    ...openTenantObject(context, tag, epoch, bytes),
    bytes,
  }));
  return { ...read, epoch };
}

/** @throws NotAKeyObject, NewerKeyObject; KeyForeign for a whole object of another repository. */
export function openTenantObject(context: TenantWrapContext, tag: string, epoch: number, bytes: Uint8Array): TenantSecrets {
  const header = readTenantHeader(bytes);
  if (header.repositoryId !== context.repositoryId) {
    throw new KeyForeign(tenantKeyName(tag, epoch), context.store.uri, `repository ${header.repositoryId}`);
  }
  if (header.tag !== tag || header.epoch !== epoch) throw new NotAKeyObject(`it is the key of tenant ${header.tag}, epoch ${header.epoch}`);
  const wrapKey = context.wrapKey(header.masterEpoch);
  if (!wrapKey) throw new NotAKeyObject(`it is wrapped under master epoch ${header.masterEpoch}, which is not known`);
  return openTenant(wrapKey, bytes);
}

/** Makes the first keys of a tenant, unless another process was first; then both copies hold what that one made. */
export async function createTenant(context: TenantWrapContext, tag: string, name: string): Promise<void> {
  const header = { repositoryId: context.repositoryId, tag, masterEpoch: context.masterEpoch, epoch: 1 };
  const secrets = { name, dataKey: context.random(TENANT_KEY_BYTES), idKey: context.random(TENANT_KEY_BYTES) };
  const bytes = wrapTenant(context.wrapKey(context.masterEpoch)!, header, secrets, context.random(NONCE_BYTES));
  await writeCopies(context.store, tenantKeyName(tag, 1), bytes);
}

/** Puts back the copy that is missing; a damaged one stays, since no object is ever changed. */
export async function completeCopies(context: TenantWrapContext, tag: string, { value, epoch }: TenantEpoch): Promise<void> {
  if (!value) return;
  for (const folder of KEY_FOLDERS) {
    const key = `${folder}/${tenantKeyName(tag, epoch)}`;
    if (!(await context.store.stat(key))) await context.store.createIfAbsent(key, value.bytes);
  }
}
