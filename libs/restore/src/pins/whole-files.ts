import type { RepositoryFolder, TenantRepository } from '@dr/repository';
import type { Pins } from './find-pins.ts';

/** The files of a tree, those that it only pins from where they are. */
export function wholeFiles(tenant: TenantRepository, root: string, { held, live, source }: Pins): RepositoryFolder {
  const files = tenant.openFiles(root);
  return {
    ...files,
    read: (path, range) => {
      const entry = held.get(path);
      if (entry) return tenant.readEntry(entry, range);
      return live.has(path) ? source!.read(path, range) : files.read(path, range);
    },
  };
}
