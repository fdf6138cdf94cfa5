import { mapConcurrent } from '../concurrency.ts';
import type { ColumnReport } from '../report.ts';
import { type ChunkContext, checkTensor, type TensorFacts, type Trouble } from './check-tensor.ts';
import { type DatasetFiles, isBroken } from './dataset-files.ts';
import { type DatasetMeta, parseDatasetMeta, parseTensorMeta, type TensorMeta } from './metas.ts';
import { commitFolder, DATASET_META } from './paths.ts';

/** A commit as a reader sees it: rows per tensor, the visible tensors by name. */
export interface CommitFacts {
  readonly rows: number;
  readonly columns: readonly ColumnReport[];
  readonly tensorRows: Readonly<Record<string, number>>;
  readonly troubles: Trouble[];
}

const TENSORS_AT_ONCE = 4;

/** M1 to M6 and the chunk checks of one commit. Never rejects. */
export async function checkCommit(context: ChunkContext, commit: string): Promise<CommitFacts> {
  const path = `${commitFolder(commit)}${DATASET_META}`;
  const meta = await context.files.parse(path, parseDatasetMeta);
  if (meta === undefined) return NOTHING;
  if (isBroken(meta)) return { ...NOTHING, troubles: [{ code: 'M1', path, message: meta.broken }] };
  const troubles = hiddenNotListed(meta, path);
  const metas = await readTensorMetas(context.files, commit, meta, troubles);
  const facts = new Map<string, TensorFacts>();
  await mapConcurrent([...metas], TENSORS_AT_ONCE, async ([tensor, m]) => facts.set(tensor, await checkTensor(context, commit, tensor, m)));
  for (const tensor of metas.keys()) troubles.push(...facts.get(tensor)!.troubles, ...brokenLinks(commit, tensor, metas, facts));
  return { ...describe(meta, metas, facts), troubles };
}

const NOTHING: CommitFacts = { rows: 0, columns: [], tensorRows: {}, troubles: [] };

function hiddenNotListed(meta: DatasetMeta, path: string): Trouble[] {
  const listed = new Set(meta.tensors);
  const lost = [...meta.hidden].filter((tensor) => !listed.has(tensor));
  return lost.map((tensor) => ({ code: 'M1', path, message: `hidden tensor ${tensor} is not in the list of tensors` }));
}

/** M1: every tensor has a `tensor_meta.json` that parses. */
async function readTensorMetas(
  files: DatasetFiles,
  commit: string,
  meta: DatasetMeta,
  troubles: Trouble[],
): Promise<Map<string, TensorMeta>> {
  const metas = new Map<string, TensorMeta>();
  for (const tensor of new Set([...meta.tensors, ...meta.names.values()])) {
    const path = `${commitFolder(commit)}${tensor}/tensor_meta.json`;
    const parsed = await files.parse(path, parseTensorMeta);
    if (parsed === undefined) troubles.push({ code: 'M1', path, message: `tensor ${tensor} has no tensor_meta.json` });
    else if (isBroken(parsed)) troubles.push({ code: 'M1', path, message: parsed.broken });
    else metas.set(tensor, parsed);
  }
  return metas;
}

/** M4: a linked hidden tensor exists and is as long as its tensor (as many samples as there are sequences, when it is not flattened). */
function brokenLinks(
  commit: string,
  tensor: string,
  metas: ReadonlyMap<string, TensorMeta>,
  facts: ReadonlyMap<string, TensorFacts>,
): Trouble[] {
  const meta = metas.get(tensor)!;
  const path = `${commitFolder(commit)}${tensor}/tensor_meta.json`;
  return meta.links.flatMap(({ tensor: linked, flattenSequence }) => {
    const wanted = meta.isSequence && !flattenSequence ? facts.get(tensor)!.rows : meta.length;
    const length = metas.get(linked)?.length;
    if (length === wanted) return [];
    const message =
      length === undefined
        ? `linked tensor ${linked} does not exist`
        : `linked tensor ${linked} has ${length} samples instead of ${wanted}`;
    return [{ code: 'M4', path, message }];
  });
}

function describe(
  meta: DatasetMeta,
  metas: ReadonlyMap<string, TensorMeta>,
  facts: ReadonlyMap<string, TensorFacts>,
): Omit<CommitFacts, 'troubles'> {
  const known = [...meta.names].filter(([, key]) => metas.has(key));
  const visible = known.filter(([, key]) => !meta.hidden.has(key));
  const rows = (key: string) => facts.get(key)!.rows;
  return {
    rows: visible.length === 0 ? 0 : Math.min(...visible.map(([, key]) => rows(key))),
    columns: visible.map(([name, key]) => ({ name, ...typeOf(metas.get(key)!) })),
    tensorRows: Object.fromEntries(known.map(([name, key]) => [name, rows(key)])),
  };
}

function typeOf({ htype, dtype, isLink, isSequence }: TensorMeta): { type: string; dtype: string | undefined } {
  const linked = isLink ? `link[${htype}]` : htype;
  return { type: isSequence ? `sequence[${linked}]` : linked, dtype };
}
