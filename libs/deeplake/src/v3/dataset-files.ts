import type { DatasetView } from '../dataset-view.ts';
import { reasonOf } from '../errors.ts';
import type { Listing } from '../listing.ts';

/** The files of a v3 data set, which may be a saved view nested in another one: paths are relative to it, `prefix` is where it lies. */
export class DatasetFiles {
  readonly view: DatasetView;
  readonly listing: Listing;
  readonly prefix: string;

  constructor(view: DatasetView, listing: Listing, prefix = '') {
    this.view = view;
    this.listing = listing;
    this.prefix = prefix;
  }

  size(path: string): number | undefined {
    return this.listing.size(this.prefix + path);
  }

  has(path: string): boolean {
    return this.size(path) !== undefined;
  }

  async read(path: string): Promise<Uint8Array> {
    return this.view.read(this.prefix + path);
  }

  /** Reads and parses a file. @returns undefined when it is not there, the reason as text when it cannot be read or parsed. */
  async parse<T>(path: string, parse: (bytes: Uint8Array) => T): Promise<T | undefined | { readonly broken: string }> {
    if (!this.has(path)) return undefined;
    try {
      return parse(await this.read(path));
    } catch (error) {
      return { broken: reasonOf(error) };
    }
  }
}

export function isBroken(value: unknown): value is { readonly broken: string } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'broken');
}
