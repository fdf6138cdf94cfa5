import type { Backend } from '../backend.ts';

/** A folder of this machine (or of a network file system with hard links). */
export const local: Backend = {
  scheme: 'file',
  name: 'local folder',
  open: async (location, options) => (await import('./local-store.ts')).openLocalStore(location.address, options),
};
