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
