import type { ObjectStore } from '@dr/storage';
import { tenantKeys } from './format/object-names.ts';

/** With more tenants the answer would cost more than it saves. */
const TENANTS_MAX = 16;

/**
 * When the last backup in a store was decided, of whatever tenant, in ms by the store's clock. 0: none was. A hint that needs no key: a file that was written later was
 * not backed up. Undefined where too many would have to be asked. @throws what the store throws when it cannot list.
 */
export async function lastDecidedMs(store: ObjectStore): Promise<number | undefined> {
  const tags = new Set<string>();
  for await (const page of store.list('keys/t/')) for (const { key } of page) tags.add(key.split('/')[2]!);
  if (tags.size > TENANTS_MAX) return undefined;
  let lastMs = 0;
  for (const tag of tags)
    for await (const page of store.list(tenantKeys(tag).decisions))
      for (const { modifiedAtMs } of page) lastMs = Math.max(lastMs, modifiedAtMs);
  return lastMs;
}
