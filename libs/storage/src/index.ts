/**
 * Objects and source files behind two ports: `ObjectStore` (where repositories live) and `SourceFolder` (where data sets live).
 * Knows nothing of repositories, keys or Deep Lake. Doubles that fail on purpose are in `@dr/storage/faults`.
 */
export { DrError } from './dr-error.ts';
export {
  BackendNotBuilt,
  BadLocation,
  BadObjectKey,
  KeyConflict,
  NoCreateIfAbsent,
  NoHardLinks,
  NotDurable,
  ObjectMissing,
  RangeOutside,
  reason,
  StoreFull,
  StoreMissing,
  StoreReadOnly,
  StoreUnavailable,
} from './errors.ts';
export type { ByteRange, ObjectEntry, ObjectKey, ObjectStore } from './object-store.ts';
export { LIST_PAGE_MAX } from './object-store.ts';
export type { OpenStoreOptions, StoreLocation } from './open-store.ts';
export { openStore, parseStoreLocation } from './open-store.ts';
export { PAGE_BYTES, pageMemory } from './page-memory.ts';
export type { ProbeResult } from './probe.ts';
export { probeCreateIfAbsent } from './probe.ts';
export { SourceMissing, SourceNotAFile, SourceOutside, SourceUnavailable } from './source/errors.ts';
export { openSourceFolder } from './source/open-source-folder.ts';
export type {
  OnUnreadable,
  SourceFile,
  SourceFolder,
  SourceHandle,
  SourceKind,
  SourceLinkProblem,
  SourceNameProblem,
  SyncSourceHandle,
} from './source/source-folder.ts';
export { openWhereItLay, storageIdentity } from './source/storage-identity.ts';
