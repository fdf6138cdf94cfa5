import type { DatasetFiles } from '../v3/dataset-files.ts';
import { parseDatasetMeta } from '../v3/metas.ts';
import { commitFolder, DATASET_META } from '../v3/paths.ts';
import type { SyntheticFile } from './restore-rules.ts';

/** What a new commit takes over from its parent, as far as it is there. Diffs, chunks, pads and vector indexes stay with the parent. */
const INHERITED = [
  'tensor_meta.json',
  'tensor_info.json',
  'chunks_index/unsharded',
  'tiles_index/unsharded',
  'sequence_index/unsharded',
  'creds_index/unsharded',
];

/**
 * The files of a head without any work of its own: byte for byte what Deep Lake's `reset` writes (traced with 3.9.52), copies of the parent's
 * metas and indexes and an empty `chunk_set` per tensor. `parent` is a commit whose structure checks pass. Rejects when a file cannot be read.
 */
export async function freshHead(files: DatasetFiles, head: string, parent: string): Promise<SyntheticFile[]> {
  const [from, to] = [commitFolder(parent), commitFolder(head)];
  const meta = parseDatasetMeta(await files.read(`${from}${DATASET_META}`));
  const inherited = [DATASET_META, 'dataset_info.json', ...meta.tensors.flatMap((tensor) => INHERITED.map((name) => `${tensor}/${name}`))];
  const written: SyntheticFile[] = [];
  for (const name of inherited.filter((name) => files.has(from + name)))
    written.push({ path: to + name, content: await files.read(from + name) });
  for (const tensor of meta.tensors) written.push({ path: `${to}${tensor}/chunk_set`, content: new Uint8Array(0) });
  return written;
}
