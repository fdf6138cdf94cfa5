import type { Finding } from '@dr/deeplake';
import type { Commit, Progress, TenantRepository } from '@dr/repository';
import { type Edits, editsOf } from './edits.ts';
import { SwapFailed, targetError } from './errors.ts';
import { lossOf, lossOfVersion } from './loss.ts';
import { type RestoreChoices, wantedPaths } from './options.ts';
import { absentPins, findPins, neededPins, type Pins } from './pins/find-pins.ts';
import { missingIn, refuseMissing } from './pins/refuse-missing.ts';
import { wholeFiles } from './pins/whole-files.ts';
import type { RestoredSet } from './restored-set.ts';
import { checkStructure } from './stage/check-structure.ts';
import { settleModes, stage } from './stage/stage.ts';
import { recordIntent } from './swap/intent.ts';
import { finishSwap, removeStagings, type SwapEnd, undoSwap } from './swap/swap.ts';
import { exists } from './target/entries.ts';
import type { Place } from './target/place.ts';
import { removeTree } from './target/remove-tree.ts';
import { bytesStaged, refuseNarrow, roomAt } from './target/room.ts';
import { refuseSurveyed, type Survey, surveyTarget } from './target/survey.ts';

export interface RestoreDatasetRequest {
  tenant: TenantRepository;
  commit: Commit;
  dataset: RestoredSet;
  options: RestoreChoices;
  place: Place;
  /** Absolute folder that holds all tenants. */
  sourceRoot: string;
  /** The folder of the live data sets, from which a restore may take what a snapshot only pins. Absent: from the repository alone. */
  liveRoot?: string;
  /** Fingerprint of what lay in the target when the restore was planned; absent: whatever lies there now. */
  planned?: string;
  signal: AbortSignal;
  progress: (progress: Progress) => void;
  /** Called at least once per file that is read again: the job is not stuck. */
  moved?: () => void;
  now: () => number;
  /** Asked once, before the target is touched. Throws when the restore must not go on. */
  beginSwap: () => Promise<void>;
}

export interface RestoredDataset {
  objects: number;
  bytes: number;
  findings: Finding[];
  /** What is missing of the data set as it was at the source, in words. */
  lacks?: string;
}

/**
 * Stages a data set beside its place, checks every byte and the structure, and only then swaps it in. A job that is repeated finishes a
 * swap that had begun, and else starts the staging anew; whatever fails leaves the target as it was and no staging.
 */
export async function restoreDataset(request: RestoreDatasetRequest): Promise<RestoredDataset> {
  const { place } = request;
  if ((await swapIn(place)) === 'done') return withRemains(request, await resumed(request));
  await removeStagings(place);
  let result: RestoredDataset;
  try {
    result = await prepare(request);
  } catch (error) {
    await removeTree(place.staging).catch(() => undefined);
    throw targetError(place.folder, error);
  }
  if ((await swapIn(place)) === 'done') return withRemains(request, result);
  throw new SwapFailed(place.name, new Error('the staged data set is gone'));
}

/** A swap that cannot be done is undone at once. Where something else stands in the target, nothing is touched. */
async function swapIn(place: Place): Promise<SwapEnd> {
  try {
    return await finishSwap(place);
  } catch (error) {
    if (error instanceof SwapFailed) await undoSwap(place);
    throw error;
  }
}

/** The new data set is in place. Where the old one could not be removed, that is told: it takes space, and nobody else will remove it. */
async function withRemains({ place, dataset }: RestoreDatasetRequest, result: RestoredDataset): Promise<RestoredDataset> {
  if (!(await exists(place.old))) return result;
  const message = `What was there before could not be removed, or not all of it: it lies at ${place.old}. It is not needed any more; remove it.`;
  const remains: Finding = { format: dataset.format, code: 'R9', severity: 'warning', path: '', message };
  return { ...result, findings: [...result.findings, remains] };
}

/** Everything up to the moment from which the swap is only finished or undone. */
async function prepare(request: RestoreDatasetRequest): Promise<RestoredDataset> {
  const { place, options, signal, beginSwap } = request;
  const before = await allowed(request, request.planned);
  const known = knownFindings(request);
  const found = await findPins({ ...request, wanted: wantedPaths(request.dataset.format, options) });
  const edits = await editsOf({ ...request, known, files: wholeFiles(request.tenant, request.dataset.root, found) });
  const pins = neededPins(found, edits);
  await refuseMissing(pins, { ...request, known });
  refuseNarrow(await roomAt(place), bytesStaged(edits.cut?.size ?? capturedSize(request)));
  const { objects, bytes, notes, closed } = await stage({ ...request, edit: edits.edit, pins });
  const isPart = options.paths.length > 0;
  const findings = isPart ? [] : await checkStructure(place.staging, known);
  await allowed(request, before.fingerprint);
  await settleModes(place, closed);
  await beginSwap();
  signal.throwIfAborted();
  await recordIntent(place);
  return { objects, bytes, findings: [...notes, ...findings], lacks: lackOf(request, { ...edits, pins }, findings) };
}

function lackOf(
  request: RestoreDatasetRequest,
  { edit, cut, pins }: Edits & { pins: Pins },
  checked: readonly Finding[],
): string | undefined {
  const { format } = request.dataset;
  const loss = cut
    ? lossOfVersion(captured(request), format, cut, checked)
    : lossOf(captured(request), format, request.options, edit.notes);
  const lacks = [loss, missingIn(pins)].filter((lack) => lack !== undefined);
  return lacks.length > 0 ? lacks.join(' ') : undefined;
}

async function allowed(request: RestoreDatasetRequest, planned: string | undefined): Promise<Survey> {
  const { place, sourceRoot, options, now } = request;
  const survey = await surveyTarget(place, sourceRoot, now());
  refuseSurveyed(place, survey, { ...options, planned });
  return survey;
}

const captured = ({ commit, dataset }: RestoreDatasetRequest) => commit.datasets.find((d) => d.datasetId === dataset.from);

const knownFindings = (request: RestoreDatasetRequest): Finding[] => (captured(request)?.findings ?? []) as Finding[];

const capturedSize = (request: RestoreDatasetRequest) => {
  const { objects = 0, bytes = 0 } = captured(request) ?? {};
  return request.options.paths.length > 0 ? { objects: 0, bytes: 0 } : { objects, bytes };
};

/** An earlier try had checked everything and begun the swap. Its findings are made again from what now stands in the target. */
async function resumed(request: RestoreDatasetRequest): Promise<RestoredDataset> {
  const { options, place } = request;
  const known = knownFindings(request);
  const edits = await editsOf({ ...request, known });
  const { objects = 0, bytes = 0 } = edits.cut?.size ?? captured(request) ?? {};
  const findings = options.paths.length > 0 ? [] : await checkStructure(place.target, known).catch(() => known);
  const pins = neededPins(await absentPins({ ...request, wanted: wantedPaths(request.dataset.format, options) }), edits);
  return { objects, bytes, findings: [...edits.edit.notes, ...findings], lacks: lackOf(request, { ...edits, pins }, findings) };
}
