import type { Caller } from '@dr/auth';
import { newBackupId } from '@dr/config';
import { backupDecider, type DatasetRef, isUsableBackup, streamOf } from '@dr/domain';
import { admit, commandMeta, type House, InjectHouse, nudgeSequencer, refuseFull } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { type BackupView, CatalogClient, scopeOf } from '../catalog-client.ts';
import { HttpProblem } from '../http/problem.ts';
import { type Identity, identify } from '../idempotency/request-identity.ts';
import { type KnownBackup, loadBackup } from '../load-backup/load-backup.ts';
import { catalogBehind } from '../read-own-write/catalog-behind.ts';
import { Views } from '../read-own-write/views.ts';
import { keepWords, wordsOf } from '../request-backup/user-words.ts';
import type { PromoteBackupBody } from './promote-backup.schema.ts';

interface Asked {
  caller: Caller;
  body: PromoteBackupBody;
  requestId: string;
  identity: Identity;
}

/** The use case behind POST /backups/{id}/promote: a new full, of the state of a snapshot. */
@Injectable()
export class PromoteBackup {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** @throws HttpProblem 404; 409 `backup.not_a_snapshot`, `backup.not_restorable`; 422 `backup.not_in_snapshot`; 429 */
  async run(caller: Caller, snapshotId: string, body: PromoteBackupBody, requestId: string): Promise<BackupView> {
    const snapshot = await loadBackup(this.house, caller, snapshotId);
    refuseOther(snapshot);
    const datasets = choose(snapshot, body.dataset_ids);
    const identity = identify(this.house, `promotion of ${snapshotId}`);
    if (!(await this.house.store.findCommand(identity.commandId))) await refuseFull(this.house, snapshot.request.tenant);
    const backupId = await this.append({ caller, requestId, identity, body }, snapshot, datasets);
    nudgeSequencer(this.house);
    const seen = await this.views.untilSeen(streamOf.backup(backupId), () => this.catalog.backup(backupId, scopeOf(caller.tenant)));
    if (seen) return seen;
    throw catalogBehind(`Backup ${backupId} was requested`, `/api/v1/backups/${backupId}`);
  }

  private async append(
    { caller, requestId, identity, body }: Asked,
    snapshot: KnownBackup,
    datasets: readonly DatasetRef[],
  ): Promise<string> {
    const { tenant, backupId: snapshotId, leftOut } = snapshot.request;
    const { at, suffix, commandId } = identity;
    const backupId = newBackupId(at, suffix);
    const words = wordsOf(body);
    const left = body.dataset_ids === undefined ? leftOut : undefined;
    const told = { requestedBy: caller.keyId, ...(words && { textDigest: words.digest }), ...(left && { leftOut: left }) };
    const origin = { parentId: snapshotId, promotedFrom: snapshotId, ...told };
    const command = { kind: 'request', backupId, tenant, backupType: 'full', datasets, ...origin } as const;
    const meta = commandMeta(tenant, caller.keyId, requestId);
    await this.house.database.transaction(async (tx) => {
      const options = { commandId, meta, tx };
      const { duplicate } = await this.house.store.decide(streamOf.backup(backupId), backupDecider, command, options);
      if (duplicate) return;
      if (words) await keepWords(tx, { backupId, tenant }, body);
      await admit(this.house, tx, { operationId: backupId, kind: 'backup', tenant });
    });
    return backupId;
  }
}

function refuseOther(snapshot: KnownBackup): void {
  const { backupId, backupType } = snapshot.request;
  if (backupType !== 'snapshot') {
    const detail = `Backup ${backupId} is of type ${backupType} and holds its data already: only a snapshot can be promoted.`;
    throw new HttpProblem(409, 'backup.not_a_snapshot', detail);
  }
  if (isUsableBackup(snapshot)) return;
  const deletion = snapshot.deletion?.step;
  const status = deletion === undefined || deletion === 'undone' ? snapshot.status : deletion;
  throw new HttpProblem(409, 'backup.not_restorable', `Snapshot ${backupId} is ${status}; only a sealed one can be promoted.`);
}

/** Those of the snapshot, all or the ones that are named, numbered anew. */
function choose({ request }: KnownBackup, ids: readonly string[] | undefined): DatasetRef[] {
  const known = new Set(request.datasets.map(({ datasetId }) => datasetId));
  const unknown = (ids ?? []).filter((id) => !known.has(id));
  if (unknown.length > 0) {
    const detail = `Snapshot ${request.backupId} does not hold ${unknown.join(', ')}; nothing was promoted.`;
    throw new HttpProblem(422, 'backup.not_in_snapshot', detail);
  }
  const wanted = new Set(ids ?? known);
  return request.datasets.filter(({ datasetId }) => wanted.has(datasetId)).map((dataset, i) => ({ ...dataset, n: i + 1 }));
}
