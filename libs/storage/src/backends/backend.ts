import type { ObjectStore } from '../object-store.ts';
import type { OpenStoreOptions, StoreLocation } from '../open-store.ts';

/** What a backend's folder registers. Its code and its SDK are loaded only when one of its stores is opened. */
export interface Backend {
  scheme: string;
  /** For people: 'Amazon S3'. */
  name: string;
  /** Absent for a backend that is planned: BackendNotBuilt. */
  open?: (location: StoreLocation, options: OpenStoreOptions) => Promise<ObjectStore>;
}
