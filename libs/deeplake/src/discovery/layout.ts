import type { SourceFolder } from '@dr/storage';
import { decodeUtf8 } from '../bytes/exact-json.ts';
import { asObject, field } from '../bytes/json-shape.ts';
import type { DatasetView } from '../dataset-view.ts';
import type { DatasetFormat } from '../finding.ts';

/** What lies directly in a folder: enough to say whether it is the root of a data set. */
export interface RootMarkers {
  readonly v4Log: boolean;
  readonly datasetMeta: boolean;
  readonly versionInfo: boolean;
  /** `version_control_info` without suffix: a Python pickle, never read. */
  readonly versionPickle: boolean;
  readonly metaJson: boolean;
}

const META_JSON_BYTES_MAX = 16 * 1024 * 1024;

export const NO_MARKERS: RootMarkers = { v4Log: false, datasetMeta: false, versionInfo: false, versionPickle: false, metaJson: false };

/** Adds what one direct entry of a folder tells. */
export function withEntry(markers: RootMarkers, name: string, kind: string): RootMarkers {
  if (name === '_deeplake_log') return kind === 'dir' ? { ...markers, v4Log: true } : markers;
  if (kind !== 'file') return markers;
  if (name === 'dataset_meta.json') return { ...markers, datasetMeta: true };
  if (name === 'version_control_info.json') return { ...markers, versionInfo: true };
  if (name === 'version_control_info') return { ...markers, versionPickle: true };
  return name === 'meta.json' ? { ...markers, metaJson: true } : markers;
}

/**
 * The format of a root, or undefined for a folder that is none. `read` gives the text of its `meta.json` and is asked only when that decides.
 * Source: DEEPLAKE.md section 4.2; a v4 log without its `_meta` is a damaged v4 set (T1), not an unknown layout.
 */
export async function formatOfRoot(markers: RootMarkers, read: () => Promise<Uint8Array>): Promise<DatasetFormat | undefined> {
  if (markers.v4Log) return 'v4';
  if (markers.versionPickle && !markers.versionInfo) return 'opaque';
  if (markers.datasetMeta || markers.versionInfo) return 'v3';
  if (markers.metaJson && isHubV1(await read().catch(() => new Uint8Array()))) return 'opaque';
  return undefined;
}

/** `meta.json` of Hub v1 holds a `schema`, a `version` and zarr descriptions. */
function isHubV1(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes.length > META_JSON_BYTES_MAX) return false;
  try {
    const meta = asObject(JSON.parse(decodeUtf8(bytes)), 'meta.json');
    return field(meta, 'schema') !== undefined && (field(meta, 'version') !== undefined || field(meta, '.zarray') !== undefined);
  } catch {
    return false;
  }
}

/** The layout of a data set, wherever it lies. Stops listing as soon as the answer is known. */
export async function detectFormat(view: DatasetView): Promise<DatasetFormat> {
  let markers = NO_MARKERS;
  for await (const page of view.list()) {
    for (const file of page) {
      const slash = file.path.indexOf('/');
      markers = slash < 0 ? withEntry(markers, file.path, file.kind ?? 'file') : withEntry(markers, file.path.slice(0, slash), 'dir');
    }
    if (markers.v4Log) break;
  }
  return (await formatOfRoot(markers, () => view.read('meta.json'))) ?? 'opaque';
}

/** As `detectFormat`, by the direct entries of a source folder alone. @throws as `readdir` does. */
export async function formatOfFolder(folder: SourceFolder): Promise<DatasetFormat> {
  const markers = (await folder.readdir()).reduce((m, { path, kind }) => withEntry(m, path, kind), NO_MARKERS);
  return (await formatOfRoot(markers, () => folder.read('meta.json'))) ?? 'opaque';
}
