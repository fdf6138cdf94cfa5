import { mapConcurrent } from '../concurrency.ts';
import { type ChunkFacts, chunkFacts } from './chunk-facts.ts';
import { type ChunkRow, parseChunkIndex, samplesInIndex } from './chunk-index.ts';
import type { ChunkOwners } from './chunk-owners.ts';
import { type DatasetFiles, isBroken } from './dataset-files.ts';
import type { TensorMeta } from './metas.ts';
import { commitFolder } from './paths.ts';
import { parseCredsIndex, parseSequenceIndex } from './small-indexes.ts';

/** A finding on its way: all of v3's tensor checks are errors. */
export interface Trouble {
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

/** What the checks of one tensor at one commit learned. `rows` is what a reader counts: sequences for sequence tensors, else samples. */
export interface TensorFacts {
  readonly rows: number;
  readonly troubles: Trouble[];
}

/** Shared by all commits of a data set: a chunk is looked at once, whoever refers to it. */
export interface ChunkContext {
  readonly files: DatasetFiles;
  readonly owners: ChunkOwners;
  readonly facts: Map<string, Promise<ChunkFacts>>;
  readonly deep: boolean;
}

const CHUNKS_AT_ONCE = 4;

/** M2, M3, M5, M6 and C1 to C6 of one tensor at one commit. Never rejects. */
export async function checkTensor(context: ChunkContext, commit: string, tensor: string, meta: TensorMeta): Promise<TensorFacts> {
  const folder = `${commitFolder(commit)}${tensor}`;
  const troubles: Trouble[] = [];
  const trouble = (code: string, path: string, message: string) => troubles.push({ code, path, message });
  if (meta.minShape.length !== meta.maxShape.length)
    trouble('M6', `${folder}/tensor_meta.json`, `min_shape has ${meta.minShape.length} dimensions, max_shape ${meta.maxShape.length}`);
  const rows = await checkSmallIndexes(context.files, folder, meta, trouble);
  const path = `${folder}/chunks_index/unsharded`;
  const index = (await context.files.parse(path, parseChunkIndex)) ?? [];
  if (isBroken(index)) trouble('M2', path, index.broken);
  else {
    if (samplesInIndex(index) !== meta.length)
      trouble('M3', path, `the index has ${samplesInIndex(index)} samples, tensor_meta.json says ${meta.length}`);
    troubles.push(...(await checkChunks(context, commit, tensor, meta, index)));
  }
  return { rows, troubles };
}

type AddTrouble = (code: string, path: string, message: string) => void;

/** M5. @returns the rows a reader counts. */
async function checkSmallIndexes(files: DatasetFiles, folder: string, meta: TensorMeta, trouble: AddTrouble): Promise<number> {
  const credsPath = `${folder}/creds_index/unsharded`;
  const creds = meta.isLink ? await files.parse(credsPath, parseCredsIndex) : undefined;
  if (isBroken(creds)) trouble('M5', credsPath, creds.broken);
  else if (creds !== undefined && creds !== meta.length)
    trouble('M5', credsPath, `the creds index has ${creds} samples, tensor_meta.json says ${meta.length}`);
  if (!meta.isSequence) return meta.length;
  const path = `${folder}/sequence_index/unsharded`;
  const sequences = (await files.parse(path, parseSequenceIndex)) ?? { items: 0, sequences: 0 };
  if (isBroken(sequences)) trouble('M5', path, sequences.broken);
  else if (sequences.items !== meta.length)
    trouble('M5', path, `the sequences have ${sequences.items} items, tensor_meta.json says ${meta.length}`);
  return isBroken(sequences) ? 0 : sequences.sequences;
}

async function checkChunks(
  context: ChunkContext,
  commit: string,
  tensor: string,
  meta: TensorMeta,
  index: readonly ChunkRow[],
): Promise<Trouble[]> {
  const rows = index.map((row, i) => ({
    path: context.owners.pathOf(commit, tensor, row.name),
    wanted: row.last - (index[i - 1]?.last ?? -1),
    tile: isTile(index, i),
  }));
  const troubles = await mapConcurrent(rows, CHUNKS_AT_ONCE, async ({ path, wanted, tile }): Promise<Trouble[]> => {
    const { samples, problem } = await factsOf(context, path, meta, tile);
    const found: Trouble[] = problem ? [{ ...problem, path }] : [];
    if (samples !== undefined && !tile && samples !== wanted)
      found.push({ code: 'C3', path, message: `the chunk has ${samples} samples, the index of ${tensor} says ${wanted}` });
    return found;
  });
  return troubles.flat();
}

/** Neighbouring rows with the same last sample are the tiles of one big sample. */
function isTile(index: readonly ChunkRow[], i: number): boolean {
  return index[i]!.last === index[i - 1]?.last || index[i]!.last === index[i + 1]?.last;
}

function factsOf({ files, facts, deep }: ChunkContext, path: string, meta: TensorMeta, tile: boolean): Promise<ChunkFacts> {
  const known = facts.get(path);
  if (known) return known;
  const promise = chunkFacts(files, path, meta, tile, deep);
  facts.set(path, promise);
  return promise;
}
