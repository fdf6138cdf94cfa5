import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backends } from './backends/registry.ts';
import { BackendNotBuilt, BadLocation, reason } from './errors.ts';
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
export async function openStore(location: StoreLocation | string, options: OpenStoreOptions = {}): Promise<ObjectStore> {
  const parsed = typeof location === 'string' ? parseStoreLocation(location) : location;
  const backend = backends.find((known) => known.scheme === parsed.scheme);
  if (!backend) throw new BadLocation(`${parsed.scheme}://${parsed.address}`, `'${parsed.scheme}' is no scheme that is known here`);
  if (!backend.open) throw new BackendNotBuilt(backend.scheme, backend.name);
  return backend.open(parsed, options);
}

/** 'file:///srv/x' and '/srv/x' give {scheme: 'file', address: '/srv/x'}; 's3://b/p' gives {scheme: 's3', address: 'b/p'}. @throws BadLocation. */
export function parseStoreLocation(text: string): StoreLocation {
  if (isAbsolute(text)) return { scheme: 'file', address: text };
  const [, scheme, address] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === undefined || address === undefined) throw new BadLocation(text, 'it is neither an absolute folder nor a URI');
  return scheme === 'file' ? { scheme, address: folderOf(text) } : { scheme, address };
}

function folderOf(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch (cause) {
    throw new BadLocation(uri, reason(cause));
  }
}
