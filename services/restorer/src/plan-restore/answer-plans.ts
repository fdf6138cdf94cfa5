import type { RestoreDataset, RestoreOptions } from '@dr/domain';
import { answer, type Stop, subjectOf } from '@dr/messaging';
import { planRestore, type RestorePlan } from '@dr/restore';
import { type House, InjectHouse, RepositoryAccess } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RESTORES_AT_ONCE } from '../restore-dataset/at-once.ts';
import { measuredRate } from '../restore-dataset/rate.ts';
import { busyTargets } from './targets.ts';

export interface PlanQuery {
  tenant: string;
  backupId: string;
  targetTenant: string;
  datasets: RestoreDataset[];
  options: RestoreOptions;
  /** Compare every captured file with what lies in its target. */
  detail: boolean;
}

/** A plan as it goes over the bus: JSON has no undefined. */
export type PlanAnswer = Omit<RestorePlan, 'bytesFree' | 'seconds'> & {
  bytesFree: number | null;
  seconds: number | null;
  /** Bytes per second of earlier restores. */
  rate: number | null;
};

/** Plans walk disks and repositories; more at once would only be slower. */
const IN_HAND_MAX = 32;

/** Answers what a restore would do and what is in its way, for dry runs and before a restore is accepted. Writes nothing. */
@Injectable()
export class AnswerPlans implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: Stop | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly repository: RepositoryAccess,
  ) {}

  onApplicationBootstrap(): void {
    const subject = subjectOf.query('restorer', 'plan-restore');
    this.stop = answer(this.house.bus, subject, (query: PlanQuery) => this.plan(query), { inHandMax: IN_HAND_MAX });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async plan({ tenant: name, backupId, targetTenant, datasets, options, detail }: PlanQuery): Promise<PlanAnswer> {
    const { database, config, now } = this.house;
    const tenant = await (await this.repository.open()).tenant(name);
    const rate = await measuredRate(database);
    const where = { sourceRoot: config.deeplake.root, liveRoot: config.deeplake.root, now: now(), rate, atOnce: RESTORES_AT_ONCE };
    const commit = await tenant.commit(backupId);
    const plan = await planRestore({ tenant, commit, targetTenant, datasets, options, detail, ...where });
    const targets = datasets.map(({ to }) => to);
    const busy = (await busyTargets(database, targetTenant, targets)).map(({ to, restoreId }) => ({
      code: 'restore.target_busy',
      message: `${targetTenant}/${to} is the place of restore ${restoreId}, which has not ended. Wait for it or cancel it.`,
      dataset: to,
    }));
    const { bytesFree = null, seconds = null } = plan;
    return { ...plan, bytesFree, seconds, rate: rate ?? null, conflicts: [...busy, ...plan.conflicts] };
  }
}
