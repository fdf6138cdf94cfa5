import { type Caller, listedTenant } from '@dr/auth';
import { newRestoreId } from '@dr/config';
import { isTenantName } from '@dr/deeplake';
import { type RestoreDataset, restoreDecider, streamOf } from '@dr/domain';
import { admit, commandMeta, type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { type BackupView, CatalogClient, scopeOf } from '../catalog-client.ts';
import { findBackup, type WantedBackup } from '../find-backup/find-backup.ts';
import { HttpProblem, notFound } from '../http/problem.ts';
import { identify } from '../idempotency/request-identity.ts';
import { chooseDatasets, lackingIn } from './choose-datasets.ts';
import { isOccupied } from './occupied.ts';
import type { RequestRestoreBody } from './request-restore.schema.ts';

/** The use case behind POST /backups/{id}/restore. */
@Injectable()
export class RequestRestore {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
  ) {}

  /** @throws HttpProblem: 404, 409 when the backup is not sealed or a target exists, 422 for selections and options that cannot be honoured */
  async run(caller: Caller, wanted: WantedBackup, body: RequestRestoreBody, requestId: string): Promise<object> {
    const backup = await findBackup(this.catalog, caller, { ...wanted, datasetIds: body.dataset_ids });
    refuseMismatch(backup.backup_id, body);
    refuseUnbuilt(body);
    const targetTenant = targetOf(caller, backup, body);
    const datasets = chooseDatasets(backup, body);
    if (!body.overwrite_existing) await this.refuseOccupied(targetTenant, datasets);
    return this.append(caller, backup, { targetTenant, datasets, body, requestId });
  }

  private async append(
    caller: Caller,
    backup: BackupView,
    {
      targetTenant,
      datasets,
      body,
      requestId,
    }: { targetTenant: string; datasets: RestoreDataset[]; body: RequestRestoreBody; requestId: string },
  ): Promise<object> {
    const { database, store } = this.house;
    const { at, suffix, commandId } = identify(this.house, 'restore');
    const restoreId = newRestoreId(at, suffix);
    const command = {
      kind: 'request',
      restoreId,
      backupId: backup.backup_id,
      tenant: backup.tenant_id,
      targetTenant,
      datasets,
      options: optionsOf(body),
      lacking: lackingIn(backup, body),
      requestedBy: caller.keyId,
    } as const;
    const meta = commandMeta(backup.tenant_id, caller.keyId, requestId);
    await database.transaction(async (tx) => {
      const { duplicate } = await store.decide(streamOf.restore(restoreId), restoreDecider, command, { commandId, meta, tx });
      if (duplicate) return;
      await admit(this.house, tx, { operationId: restoreId, kind: 'restore', tenant: backup.tenant_id });
    });
    nudgeSequencer(this.house);
    const restore = await this.catalog.untilSeen(() => this.catalog.restore(restoreId, scopeOf(caller.tenant)));
    return restore ?? { restore_id: restoreId, backup_id: backup.backup_id, status: 'pending', tenant_id: backup.tenant_id };
  }

  /** Told before anything is staged; the restorer asks again before it swaps. */
  private async refuseOccupied(tenant: string, datasets: readonly RestoreDataset[]): Promise<void> {
    const root = this.house.config.deeplake.root;
    const there = await Promise.all(
      datasets.map(async ({ to }) => ((await isOccupied(root, [tenant, ...to.split('/')])) ? to : undefined)),
    );
    const occupied = there.filter((to) => to !== undefined);
    if (occupied.length === 0) return;
    throw new HttpProblem(
      409,
      'restore.target_exists',
      `Nothing was restored: ${occupied.map((to) => `${tenant}/${to}`).join(', ')} exist(s) already. ` +
        'Set overwrite_existing (--overwrite), or give another name (dataset_mapping) or tenant (target_tenant).',
    );
  }
}

function refuseMismatch(backupId: string, { backup_id }: RequestRestoreBody): void {
  if (backup_id === undefined || backup_id === backupId) return;
  throw new HttpProblem(400, 'request.invalid', `The body names backup ${backup_id}, the path ${backupId}. They must match.`);
}

/** What this version cannot honour is refused, never ignored. */
function refuseUnbuilt(body: RequestRestoreBody): void {
  const unbuilt = (['dry_run', 'keep_torn_head', 'paths', 'version'] as const).filter((name) => body[name]);
  if (unbuilt.length === 0) return;
  throw new HttpProblem(501, 'restore.option_not_built', `${unbuilt.join(', ')} is not built in this version; nothing was restored.`);
}

function targetOf(caller: Caller, backup: BackupView, { target_tenant }: RequestRestoreBody): string {
  const target = target_tenant ?? backup.tenant_id;
  if (listedTenant(caller, target) === undefined) throw notFound('tenant', target);
  if (isTenantName(target)) return target;
  throw new HttpProblem(422, 'restore.bad_target', `${JSON.stringify(target)} cannot be a tenant's name; nothing was restored.`, {
    errors: [{ pointer: '/target_tenant', message: 'must be one good folder name' }],
  });
}

const optionsOf = (body: RequestRestoreBody) => ({
  overwriteExisting: body.overwrite_existing,
  datasetMapping: body.dataset_mapping ?? {},
  verifyIntegrity: body.verify_integrity,
  restoreIndexes: body.restore_indexes,
  restoreMetadata: body.restore_metadata,
  keepTornHead: body.keep_torn_head,
  paths: body.paths ?? [],
  force: body.force,
});
