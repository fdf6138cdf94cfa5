import { asCount, asCounts, asObject, asString, asStrings, field, type JsonObject, optional } from '../bytes/json-shape.ts';
import { parseJsonObject } from './version-tree.ts';

/** `dataset_meta.json` of a commit. Keys are folders; names are what users see (before 3.x both are the same). */
export interface DatasetMeta {
  /** Deduplicated: a merge can list a tensor twice. */
  readonly tensors: readonly string[];
  readonly hidden: ReadonlySet<string>;
  readonly names: ReadonlyMap<string, string>;
}

export interface TensorLink {
  readonly tensor: string;
  readonly flattenSequence: boolean;
}

/** `tensor_meta.json` of a commit, as far as structure needs it. Lengths are in items: a sequence tensor counts the items of all sequences. */
export interface TensorMeta {
  readonly length: number;
  readonly htype: string;
  readonly dtype: string | undefined;
  readonly minShape: readonly number[];
  readonly maxShape: readonly number[];
  readonly sampleCompression: string | undefined;
  readonly chunkCompression: string | undefined;
  readonly isSequence: boolean;
  readonly isLink: boolean;
  readonly links: readonly TensorLink[];
}

/** @throws Malformed. */
export function parseDatasetMeta(bytes: Uint8Array): DatasetMeta {
  const meta = parseJsonObject(bytes, 'dataset_meta.json');
  const tensors = [...new Set(asStrings(field(meta, 'tensors'), 'tensors'))];
  const named = optional(field(meta, 'tensor_names'), asObject, 'tensor_names');
  const names = named
    ? Object.entries(named).map(([name, key]) => [name, asString(key, 'tensor_names')] as const)
    : tensors.map((t) => [t, t] as const);
  return { tensors, hidden: new Set(optional(field(meta, 'hidden_tensors'), asStrings, 'hidden_tensors') ?? []), names: new Map(names) };
}

/** @throws Malformed. */
export function parseTensorMeta(bytes: Uint8Array): TensorMeta {
  const meta = parseJsonObject(bytes, 'tensor_meta.json');
  const text = (key: string) => optional(field(meta, key), asString, key);
  const shape = (key: string) => optional(field(meta, key), asCounts, key) ?? [];
  return {
    length: asCount(field(meta, 'length'), 'length'),
    htype: text('htype') ?? 'generic',
    dtype: text('dtype'),
    minShape: shape('min_shape'),
    maxShape: shape('max_shape'),
    sampleCompression: text('sample_compression'),
    chunkCompression: text('chunk_compression'),
    isSequence: field(meta, 'is_sequence') === true,
    isLink: field(meta, 'is_link') === true,
    links: parseLinks(optional(field(meta, 'links'), asObject, 'links') ?? {}),
  };
}

function parseLinks(links: JsonObject): TensorLink[] {
  return Object.entries(links).map(([tensor, link]) => ({
    tensor,
    flattenSequence: field(asObject(link, 'link'), 'flatten_sequence') === true,
  }));
}
