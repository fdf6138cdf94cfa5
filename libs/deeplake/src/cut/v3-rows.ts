import { type DatasetFiles, isBroken } from '../v3/dataset-files.ts';
import { parseDatasetMeta, parseTensorMeta } from '../v3/metas.ts';
import { commitFolder, DATASET_META } from '../v3/paths.ts';
import { parseSequenceIndex } from '../v3/small-indexes.ts';

/** The rows of every visible tensor at a commit by its name, from the metas alone; what cannot be read is left out. Chunks are not looked at. */
export async function v3TensorRows(files: DatasetFiles, commit: string): Promise<Map<string, number>> {
  const folder = commitFolder(commit);
  const meta = await files.parse(`${folder}${DATASET_META}`, parseDatasetMeta);
  const rows = new Map<string, number>();
  if (meta === undefined || isBroken(meta)) return rows;
  for (const [name, key] of meta.names) {
    const count = meta.hidden.has(key) ? undefined : await rowsOf(files, `${folder}${key}`);
    if (count !== undefined) rows.set(name, count);
  }
  return rows;
}

/** What a reader counts: as many as the shortest visible tensor has. */
export async function v3Rows(files: DatasetFiles, commit: string): Promise<number> {
  const rows = [...(await v3TensorRows(files, commit)).values()];
  return rows.length === 0 ? 0 : Math.min(...rows);
}

async function rowsOf(files: DatasetFiles, folder: string): Promise<number | undefined> {
  const meta = await files.parse(`${folder}/tensor_meta.json`, parseTensorMeta);
  if (meta === undefined || isBroken(meta)) return undefined;
  if (!meta.isSequence) return meta.length;
  const index = await files.parse(`${folder}/sequence_index/unsharded`, parseSequenceIndex);
  return isBroken(index) ? undefined : (index?.sequences ?? 0);
}
