import type { Commit, TenantRepository } from '@dr/repository';
import { NoSpace } from '../errors.ts';
import type { RestoreChoices } from '../options.ts';
import type { RestoredSet } from '../restored-set.ts';
import { bytesStaged } from '../target/room.ts';
import type { Conflict, RestorePlan } from './plan.ts';
import { type PlannedDataset, planDataset } from './plan-dataset.ts';
import { warningsOf } from './warnings.ts';

export interface PlanRequest {
  tenant: TenantRepository;
  commit: Commit;
  targetTenant: string;
  datasets: readonly RestoredSet[];
  options: RestoreChoices;
  /** Absolute folder that holds all tenants. */
  sourceRoot: string;
  /** See RestoreDatasetRequest. */
  liveRoot?: string;
  now: number;
  /** Walk every captured tree and compare it with its target; else only what may be in the way is looked at. */
  detail: boolean;
  /** Bytes per second of earlier restores. */
  rate?: number;
  /** Data sets that are staged at the same time; default 1. */
  atOnce?: number;
  /** How messages call the target of a data set; default `<tenant>/<data set>`. */
  shown?: (to: string) => string;
}

/** What a restore would do, and why it would be refused. The restore itself asks the same questions again. Writes nothing. */
export async function planRestore(request: PlanRequest): Promise<RestorePlan> {
  const { commit, datasets, detail, rate, atOnce = 1 } = request;
  const planned: PlannedDataset[] = [];
  for (const dataset of datasets) {
    const captured = commit.datasets.find((d) => d.datasetId === dataset.from) ?? { objects: 0, bytes: 0, status: 'partial' };
    planned.push(await planDataset({ ...request, dataset, captured, shown: request.shown?.(dataset.to) }));
  }
  const space = spaceOf(planned, atOnce);
  const bytes = sum(planned.map(({ plan }) => plan.bytes));
  return {
    datasets: planned.map(({ plan }) => plan),
    objects: sum(planned.map(({ plan }) => plan.objects)),
    bytes,
    bytesNeeded: space?.needed ?? 0,
    bytesFree: space?.free,
    seconds: rate === undefined ? undefined : Math.ceil(bytes / rate),
    conflicts: [...planned.flatMap(({ conflicts }) => conflicts), ...(space?.conflict ? [space.conflict] : [])],
    warnings: detail ? warningsOf(planned, request) : [],
  };
}

interface Space {
  needed: number;
  free: number;
  conflict?: Conflict;
}

/** Of the file system that is filled most. */
function spaceOf(planned: readonly PlannedDataset[], atOnce: number): Space | undefined {
  const byDevice = Map.groupBy(planned, ({ room }) => room?.device);
  byDevice.delete(undefined);
  const spaces = [...byDevice.values()].map((group): Space => {
    const { folder, freeBytes: free } = group[0]!.room!;
    const needed = neededBy(group, atOnce);
    if (needed <= free) return { needed, free };
    const { code, message } = new NoSpace(folder, { needed, free });
    return { needed, free, conflict: { code, message } };
  });
  return spaces.sort((a, b) => b.needed / b.free - a.needed / a.free)[0];
}

/** The worst moment: everything that grows has grown, and the largest old sets lie beside the new ones that are about to replace them. */
function neededBy(group: readonly PlannedDataset[], atOnce: number): number {
  const growth = group.map(({ plan }) => bytesStaged(plan) - bytesStaged(plan.target));
  const old = group.map(({ plan }) => bytesStaged(plan.target)).sort((a, b) => b - a);
  return Math.max(0, sum(growth.filter((bytes) => bytes > 0))) + sum(old.slice(0, atOnce));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
