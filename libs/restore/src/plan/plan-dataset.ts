import { type Finding, type RestoreRepair, VersionUnknown } from '@dr/deeplake';
import type { Commit, TenantRepository } from '@dr/repository';
import { DrError } from '@dr/storage';
import { type Edits, editsOf } from '../edits.ts';
import { PathsMatchNothing } from '../errors.ts';
import { isCut, type RestoreChoices, wantedPaths } from '../options.ts';
import { amountOf, findPins, neededPins, type Pins } from '../pins/find-pins.ts';
import { refuseMissing } from '../pins/refuse-missing.ts';
import { wholeFiles } from '../pins/whole-files.ts';
import type { RestoredSet } from '../restored-set.ts';
import { refuseInsideOpaque } from '../target/neighbours.ts';
import { findPlace, type Place } from '../target/place.ts';
import { type Room, roomAt } from '../target/room.ts';
import { refuseSurveyed, type Survey, surveyTarget } from '../target/survey.ts';
import { compareWithTarget, type Seen } from './compare.ts';
import { type Conflict, type DatasetPlan, MISSING_NAMED_MAX, type PlannedPins } from './plan.ts';

export interface DatasetPlanRequest {
  tenant: TenantRepository;
  commit: Commit;
  targetTenant: string;
  dataset: RestoredSet;
  /** As the backup has it. */
  captured: { objects: number; bytes: number; status: string; path?: string; findings?: readonly unknown[] };
  options: RestoreChoices;
  sourceRoot: string;
  /** See RestoreDatasetRequest. */
  liveRoot?: string;
  now: number;
  /** Walk the captured tree and compare it with the target. */
  detail: boolean;
  /** How messages call the target; default `<tenant>/<data set>`. */
  shown?: string;
}

export interface PlannedDataset {
  plan: DatasetPlan;
  conflicts: Conflict[];
  room?: Room;
  seen?: Seen;
}

/** Everything that the restore itself will ask, asked without writing. What is in the way is a conflict, not an error. */
export async function planDataset(request: DatasetPlanRequest): Promise<PlannedDataset> {
  const { dataset, captured, options } = request;
  const conflicts: Conflict[] = [];
  const ask = <T>(question: () => Promise<T>): Promise<T | undefined> => asked(question, dataset.to, conflicts);
  const place = await ask(() => findPlace(request.sourceRoot, placeAt(request)));
  const survey = place && (await ask(() => surveyed(place, request)));
  if (survey) await ask(() => refuseInsideOpaque(request.sourceRoot, place, dataset));
  const room = survey && (await ask(() => roomAt(place)));
  if (survey) await ask(async () => refuseSurveyed(place, survey, options));
  const known = (captured.findings ?? []) as Finding[];
  const found = await findPins({ ...request, wanted: wantedPaths(dataset.format, options) });
  const files = wholeFiles(request.tenant, dataset.root, found);
  const edits = isCut(options) ? await askVersion(() => editsOf({ ...request, known, files }), dataset, conflicts) : undefined;
  const cut = edits?.cut;
  const pins = neededPins(found, edits);
  await ask(() => refuseMissing(pins, { ...request, known }));
  const seen = place && (await ask(() => compared(place, survey, request, edits?.edit)));
  const { objects, bytes } = seen ?? cut?.size ?? captured;
  const isWhole =
    captured.status === 'completed' || (cut && known.every(({ severity, path }) => severity !== 'error' || cut.leaveOut.has(path)));
  const status = isWhole && pins.missing.length === 0 ? ('completed' as const) : ('partial' as const);
  const { from, to, format } = dataset;
  const target = { exists: survey?.exists ?? false, objects: survey?.objects ?? 0, bytes: survey?.bytes ?? 0, locks: survey?.locks ?? [] };
  const version = cut && { version: { ...cut.version, cutOff: cut.cutOff } };
  const changes = seen && request.detail && { changes: seen.changes };
  const more = { ...version, ...changes, ...plannedPins(pins), ...(survey && { fingerprint: survey.fingerprint }) };
  return { plan: { from, to, format, status, objects, bytes, target, ...more }, conflicts, room, seen };
}

function plannedPins(pins: Pins): { pinned?: PlannedPins } {
  const [held, live, missing] = [amountOf(pins.held.values()), amountOf(pins.live.values()), amountOf(pins.missing)];
  if (held.objects + live.objects + missing.objects === 0) return {};
  return { pinned: { held, live, missing, missingPaths: pins.missing.slice(0, MISSING_NAMED_MAX).map(({ path }) => path) } };
}

/** Nothing is made there, so the ids do not matter. */
const placeAt = ({ targetTenant, dataset, captured, shown }: DatasetPlanRequest) => ({
  tenant: targetTenant,
  dataset: dataset.to,
  restoreId: 'plan',
  n: 0,
  token: 0,
  captured: captured.path,
  shown,
});

async function asked<T>(question: () => Promise<T>, dataset: string, conflicts: Conflict[]): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof DrError) || !error.code.startsWith('restore.')) throw error;
    conflicts.push({ code: error.code, message: error.message, dataset });
    return undefined;
  }
}

async function askVersion(question: () => Promise<Edits>, { from, to }: RestoredSet, conflicts: Conflict[]): Promise<Edits | undefined> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof DrError) || !error.code.startsWith('restore.')) throw error;
    const versions = error instanceof VersionUnknown ? { versions: error.versions } : {};
    conflicts.push({ code: error.code, message: `Data set ${from}: ${error.message}`, dataset: to, ...versions });
    return undefined;
  }
}

const surveyed = (place: Place, { sourceRoot, now }: DatasetPlanRequest): Promise<Survey> => surveyTarget(place, sourceRoot, now);

/** Without detail the captured tree is walked only when globs decide what comes back. */
async function compared(
  place: Place,
  survey: Survey | undefined,
  request: DatasetPlanRequest,
  edit?: RestoreRepair,
): Promise<Seen | undefined> {
  const { tenant, dataset, options, detail } = request;
  if (!detail && options.paths.length === 0) return undefined;
  const target = survey?.exists ? place.target : undefined;
  const seen = await compareWithTarget(tenant, dataset, { target, wanted: wantedPaths(dataset.format, options), edit });
  if (options.paths.length > 0 && seen.objects === 0) throw new PathsMatchNothing(dataset.from, options.paths);
  return seen;
}
