/** Tenant of data sets that lie directly under the source root. */
export const DEFAULT_TENANT = 'default';

/** Staging and set-aside folders of our own restores. */
export function isOwnFolder(name: string): boolean {
  return name.startsWith('.dr-');
}

/** May this be a part of a tenant's or data set's name? NFC, no control characters, not '.' or '..'. Source: CONTRACT section 4. */
export function isGoodName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name === name.normalize('NFC') && !/\p{Cc}|\uFFFD/u.test(name);
}

/** What file systems take for one part of a path, in bytes of UTF-8. */
const NAME_BYTES_MAX = 255;

/** May this be a tenant's name? One folder below the source root. `*` stands for all tenants, so no key could ever reach one of that name. */
export const isTenantName = (name: string): boolean => name !== '*' && isFolderName(name);

function isFolderName(name: string): boolean {
  return isGoodName(name) && !name.includes('/') && !isOwnFolder(name) && Buffer.byteLength(name) <= NAME_BYTES_MAX;
}

/** May this be a data set's id, its path below the tenant? It can then lead nowhere else. */
export const isDatasetId = (id: string): boolean => id.split('/').every(isFolderName);
