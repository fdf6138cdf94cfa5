import type { Caller } from '@dr/auth';
import { newRestoreId } from '@dr/config';
import { type RequestRestore as RequestCommand, type RestoreDataset, restoreDecider, streamOf } from '@dr/domain';
import { admit, commandMeta, type House, InjectHouse, nudgeSequencer, refuseFull } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { type BackupView, CatalogClient, scopeOf } from '../catalog-client.ts';
import { type FoundBackup, findAsOf } from '../find-backup/find-as-of.ts';
import { findBackup, type WantedBackup } from '../find-backup/find-backup.ts';
import { HttpProblem } from '../http/problem.ts';
import { identify } from '../idempotency/request-identity.ts';
import { Views } from '../read-own-write/views.ts';
import { asOfWarnings, bothVersionAndMoment, withoutSets } from './as-of.ts';
import { askPlan, isAway, type PlanView } from './ask-plan.ts';
import { chooseDatasets, lackingIn } from './choose-datasets.ts';
import { isOccupied } from './occupied.ts';
import { planResource } from './plan-resource.ts';
import { optionsOf, refuseConflicts, refuseLargePlan, refuseMismatch, targetOf } from './refusals.ts';
import type { RequestRestoreBody } from './request-restore.schema.ts';

type Command = Omit<RequestCommand, 'datasets'> & { datasets: readonly RestoreDataset[] };

/** What came of it: the restore, or with `dry_run` the plan. */
export type Requested = { kind: 'restore'; restoreId: string; reply: object } | { kind: 'plan'; reply: object };

/** The use case behind POST /backups/{id}/restore. */
@Injectable()
export class RequestRestore {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** @throws HttpProblem: 404, 409 when the backup is not sealed or something is in the way, 422 for selections and options that cannot be honoured */
  async run(caller: Caller, wanted: WantedBackup, body: RequestRestoreBody, requestId: string): Promise<Requested> {
    const found = await this.find(caller, { ...wanted, datasetIds: body.dataset_ids }, body);
    refuseMismatch(found.backup.backup_id, body);
    const wish = commandOf(caller, found, body);
    restoreDecider.decide(restoreDecider.initial, wish);
    if (body.dry_run) return { kind: 'plan', reply: await this.plan(wish, asOfWarnings(found, wanted)) };
    const identity = identify(this.house, 'restore');
    const command = { ...wish, restoreId: newRestoreId(identity.at, identity.suffix) };
    if (!(await this.isKnown(command))) {
      await refuseFull(this.house, command.tenant);
      command.datasets = await this.refusePlanned(command);
    }
    const reply = await this.append(caller, command, { commandId: identity.commandId, requestId });
    return { kind: 'restore', restoreId: command.restoreId, reply };
  }

  /** As of a moment, a backup from after it is cut to it; parts of data sets are taken as they were captured, from the newest one before. */
  private async find(caller: Caller, wanted: WantedBackup, body: RequestRestoreBody): Promise<FoundBackup> {
    const { id, asOf } = wanted;
    if (id !== 'latest' || asOf === undefined || body.paths !== undefined)
      return { backup: await findBackup(this.catalog, caller, wanted) };
    if (body.version !== undefined) throw bothVersionAndMoment();
    return findAsOf(this.catalog, caller, { ...wanted, asOf }, (backup) => this.unreached(caller, backup, { body, asOf }));
  }

  /** Which data sets of a backup cannot be cut to the moment, as the restorer says it. */
  private async unreached(caller: Caller, backup: BackupView, { body, asOf }: { body: RequestRestoreBody; asOf: string }) {
    const asIs = { ...body, dataset_mapping: undefined };
    const { conflicts } = await askPlan(this.house.bus, commandOf(caller, { backup, asOf }, asIs), false);
    const found = conflicts.filter(({ code, dataset }) => code.startsWith('restore.version_') && dataset !== undefined);
    return found.map(({ code, dataset, message }) => ({ datasetId: dataset!, code, message }));
  }

  private async plan(command: Command, warnings: readonly string[]): Promise<object> {
    refuseLargePlan(command);
    const plan = await askPlan(this.house.bus, command, true);
    return planResource({ ...plan, warnings: [...warnings, ...plan.warnings] }, command);
  }

  /**
   * The same plan, in short: what is in the way is told before anything is accepted. @returns the data sets with what lies in their targets,
   * so that the restorer can tell whether it is still the same.
   */
  private async refusePlanned(command: Command): Promise<readonly RestoreDataset[]> {
    const plan = await this.shortPlan(command);
    if (plan === undefined) return command.datasets;
    refuseConflicts(plan.conflicts);
    const fingerprints = new Map(plan.datasets.map(({ to, fingerprint }) => [to, fingerprint]));
    return command.datasets.map((dataset) => ({ ...dataset, planned: fingerprints.get(dataset.to) }));
  }

  /** Undefined when the restorer is away: only what can be seen from here is looked at, and it looks at the rest before it stages. */
  private async shortPlan(command: Command): Promise<PlanView | undefined> {
    try {
      return await askPlan(this.house.bus, command, false);
    } catch (error) {
      if (!isAway(error)) throw error;
      if (!command.options.overwriteExisting) await this.refuseOccupied(command);
      return undefined;
    }
  }

  /** Asked for again with the same Idempotency-Key: what lies in its way now may be its own work. */
  private async isKnown({ restoreId }: Command): Promise<boolean> {
    return (await this.house.store.load(streamOf.restore(restoreId), restoreDecider)).state.status !== 'absent';
  }

  private async append(
    caller: Caller,
    command: Command,
    { commandId, requestId }: { commandId: string; requestId: string },
  ): Promise<object> {
    const { database, store } = this.house;
    const { restoreId, backupId, tenant } = command;
    const meta = commandMeta(tenant, caller.keyId, requestId);
    await database.transaction(async (tx) => {
      const { duplicate } = await store.decide(streamOf.restore(restoreId), restoreDecider, command, { commandId, meta, tx });
      if (!duplicate) await admit(this.house, tx, { operationId: restoreId, kind: 'restore', tenant });
    });
    nudgeSequencer(this.house);
    const restore = await this.views.untilSeen(streamOf.restore(restoreId), () => this.catalog.restore(restoreId, scopeOf(caller.tenant)));
    return restore ?? { restore_id: restoreId, backup_id: backupId, status: 'pending', tenant_id: tenant };
  }

  private async refuseOccupied({ targetTenant, datasets }: Command): Promise<void> {
    const root = this.house.config.deeplake.root;
    const there = await Promise.all(
      datasets.map(async ({ to }) => ((await isOccupied(root, [targetTenant, ...to.split('/')])) ? to : undefined)),
    );
    const occupied = there.filter((to) => to !== undefined);
    if (occupied.length === 0) return;
    throw new HttpProblem(
      409,
      'restore.target_exists',
      `Nothing was restored: ${occupied.map((to) => `${targetTenant}/${to}`).join(', ')} exist(s) already. ` +
        'Set overwrite_existing (--overwrite), or give another name (dataset_mapping) or tenant (target_tenant).',
    );
  }
}

/** The restore's id comes last, when nothing is in the way: a request that was refused may be put right under its Idempotency-Key. */
const commandOf = (caller: Caller, { backup, asOf, without = [] }: FoundBackup, body: RequestRestoreBody): Command => ({
  kind: 'request',
  restoreId: 'restore_planned',
  backupId: backup.backup_id,
  tenant: backup.tenant_id,
  targetTenant: targetOf(caller, backup, body),
  datasets: chooseDatasets(withoutSets(backup, without), body),
  options: { ...optionsOf(body), ...(asOf !== undefined && { asOf }) },
  lacking: lackingIn(backup, body),
  requestedBy: caller.keyId,
});
