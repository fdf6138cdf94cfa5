import { type Caller, listedTenant, TenantNeeded } from '@dr/auth';
import { newBackupId, systemStateId } from '@dr/config';
import { backupDecider, type DatasetRef, type LeftOut, leftOutOf, streamOf } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import type { Operation } from '@dr/jobs';
import { admit, commandMeta, type House, InjectHouse, nudgeSequencer, refuseFull, refuseReadOnly } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { type BackupView, CatalogClient, scopeOf } from '../catalog-client.ts';
import { HttpProblem } from '../http/problem.ts';
import { identify } from '../idempotency/request-identity.ts';
import { catalogBehind } from '../read-own-write/catalog-behind.ts';
import { Views } from '../read-own-write/views.ts';
import { type Selection, selectDatasets } from '../select-datasets/select-datasets.ts';
import type { RequestBackupBody } from './request-backup.schema.ts';
import { keepWords, wordsOf } from './user-words.ts';

interface Asked {
  caller: Caller;
  body: RequestBackupBody;
  requestId: string;
}

/** `leftOut`: what is in no backup because it belongs to no tenant that has data sets; each backup has its own tenant's. */
export interface Accepted {
  backups: BackupView[];
  leftOut: LeftOut | undefined;
}

/** What is counted in when all tenants' requests are appended: admissions wait for each other. One that was made by an earlier try is in, or has ended. */
type Appended = Operation & { readonly isNew: boolean };

/** The use case behind POST /backups: selects, decides, appends. */
@Injectable()
export class RequestBackup {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** One backup per tenant that is selected; all of them are accepted, or none. @throws HttpProblem for selections of nothing; TenantNeeded */
  async run(caller: Caller, body: RequestBackupBody, requestId: string): Promise<Accepted> {
    const tenant = tenantOf(caller, body);
    await refuseReadOnly(this.house);
    if (tenant !== undefined) await this.refuseFull(tenant);
    const { selections, elsewhere } = await selectDatasets(this.house.config.deeplake.root, {
      tenant,
      datasetIds: body.dataset_ids,
    });
    this.tellUnprotected(selections, elsewhere);
    const ids = await this.house.database.transaction(async (tx) => {
      const appended: Appended[] = [];
      for (const selection of selections) appended.push(await this.append(tx, { caller, body, requestId }, selection));
      for (const { isNew, ...operation } of appended) if (isNew) await admit(this.house, tx, operation);
      return appended.map(({ operationId }) => operationId);
    });
    nudgeSequencer(this.house);
    return { backups: await Promise.all(ids.map((id) => this.seen(id, caller))), leftOut: leftOutOf(elsewhere) };
  }

  /** But never a repeat of what was accepted under its Idempotency-Key. */
  private async refuseFull(tenant: string): Promise<void> {
    await refuseFull(this.house, tenant).catch(async (error: unknown) => {
      const { commandId } = identify(this.house, labelOf(tenant));
      if (!(await this.house.store.findCommand(commandId))) throw error;
    });
  }

  /** A backup of everything leaves out what is in no data set: not without a word. GET /datasets lists all of it. */
  private tellUnprotected(selections: readonly Selection[], elsewhere: Selection['unprotected']): void {
    for (const { tenant, unprotected } of [...selections, { tenant: undefined, unprotected: elsewhere }]) {
      const paths = unprotected.slice(0, 10).map(({ path, reason }) => `${path} (${reason})`);
      if (paths.length > 0) this.house.log.warn({ tenant, paths, total: unprotected.length }, 'not in any data set, so in no backup');
    }
  }

  /** The event and the words of the user: the words in an erasable row, their digest in the event. */
  private async append(tx: Queryable, { caller, body, requestId }: Asked, { tenant, datasets, unprotected }: Selection): Promise<Appended> {
    const { store } = this.house;
    const { at, suffix, commandId } = identify(this.house, labelOf(tenant));
    const backupId = newBackupId(at, suffix);
    const words = wordsOf(body);
    const left = body.dataset_ids === undefined ? leftOutOf(unprotected) : undefined;
    const command = {
      kind: 'request',
      backupId,
      tenant,
      backupType: body.type,
      datasets: [...datasets.map(refOf), ...this.systemState(tenant, body)].map((dataset, i): DatasetRef => ({ n: i + 1, ...dataset })),
      requestedBy: caller.keyId,
      ...(left && { leftOut: left }),
      ...(words && { textDigest: words.digest }),
    } as const;
    const meta = commandMeta(tenant, caller.keyId, requestId);
    const { duplicate } = await store.decide(streamOf.backup(backupId), backupDecider, command, { commandId, meta, tx });
    const appended = { operationId: backupId, kind: 'backup', tenant, isNew: !duplicate } as const;
    if (duplicate) return appended;
    if (words) await keepWords(tx, { backupId, tenant }, body);
    return appended;
  }

  /** Every full backup carries it, whatever data sets it selects: a restore of everything needs one backup then, and each tenant's can be lost alone. */
  private systemState(tenant: string, { type }: RequestBackupBody): Omit<DatasetRef, 'n'>[] {
    if (type !== 'full') return [];
    const items = this.house.config.backup.systemState.filter(({ tenants }) => tenants?.includes(tenant) ?? true);
    return items.map(({ name }) => ({ datasetId: systemStateId(name), format: 'opaque', path: systemStateId(name) }));
  }

  private async seen(backupId: string, caller: Caller): Promise<BackupView> {
    const backup = await this.views.untilSeen(streamOf.backup(backupId), () => this.catalog.backup(backupId, scopeOf(caller.tenant)));
    if (backup) return backup;
    throw catalogBehind(`Backup ${backupId} was requested`, `/api/v1/backups/${backupId}`);
  }
}

const refOf = ({ datasetId, format, path }: Omit<DatasetRef, 'n'>) => ({ datasetId, format, path });

const labelOf = (tenant: string): string => `backup of ${tenant}`;

/** @returns undefined for all tenants. @throws TenantNeeded, HttpProblem as for a tenant without data sets when the key may not see it */
function tenantOf(caller: Caller, { tenant_id, all_tenants }: RequestBackupBody): string | undefined {
  if (all_tenants && tenant_id !== undefined) {
    throw new HttpProblem(400, 'request.invalid', 'Give either tenant_id or all_tenants, not both.');
  }
  if (all_tenants && caller.tenant === '*') return undefined;
  if (all_tenants) throw new HttpProblem(403, 'auth.scope_missing', 'all_tenants needs a key of all tenants.');
  const tenant = listedTenant(caller, tenant_id);
  if (tenant === '*') throw new TenantNeeded();
  if (tenant === undefined) throw new HttpProblem(404, 'tenant.not_found', `There is no tenant ${tenant_id} that this key may see.`);
  return tenant;
}
