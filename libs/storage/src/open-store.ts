import { BackendNotBuilt } from './errors.ts';
import type { ObjectStore } from './object-store.ts';

/** Where a store is, taken apart. `address` is what follows '://' (for 'file' the absolute folder). */
export interface StoreLocation {
  scheme: string;
  address: string;
  /** Backend settings such as region or endpoint; never secrets. */
  settings?: Readonly<Record<string, string>>;
}

export interface OpenStoreOptions {
  /** 'write' (the default) makes a local folder if absent and refuses a file system without hard links. 'read' refuses createIfAbsent and delete. */
  mode?: 'read' | 'write';
}

/** Opens a store by location: 'file:///x', '/x', later 's3://bucket/prefix' and so on. @throws BadLocation, BackendNotBuilt, StoreMissing, NoHardLinks. */
export async function openStore(location: StoreLocation | string, _options: OpenStoreOptions = {}): Promise<ObjectStore> {
  throw new BackendNotBuilt(typeof location === 'string' ? 'file' : location.scheme, 'coming within the hour');
}
