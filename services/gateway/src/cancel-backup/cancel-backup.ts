import { createHash } from 'node:crypto';
import type { Caller } from '@dr/auth';
import { backupDecider, streamOf } from '@dr/domain';
import { commandMeta, type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { loadBackup } from '../load-backup/load-backup.ts';
import { catalogBehind } from '../read-own-write/catalog-behind.ts';
import { Views } from '../read-own-write/views.ts';
import type { CancelBackupBody } from './cancel-backup.schema.ts';

/**
 * The use case behind POST /backups/{id}/cancel: writes down the wish. The archiver takes it from there, now or when it is back, and what
 * stands in storage decides: the tombstone, or a commit that was first.
 */
@Injectable()
export class CancelBackup {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** @throws HttpProblem 404; WrongState 'wrong_state.backup_already_decided' (409) */
  async run(caller: Caller, backupId: string, { reason }: CancelBackupBody): Promise<object> {
    const { request } = await loadBackup(this.house, caller, backupId);
    await this.append(caller, backupId, request.tenant, reason);
    nudgeSequencer(this.house);
    const seen = await this.views.untilSeen(streamOf.backup(backupId), async () => {
      const backup = await this.catalog.backup(backupId, scopeOf(caller.tenant));
      return backup?.cancel_requested_at || backup?.status === 'cancelled' ? backup : undefined;
    });
    if (seen) return seen;
    throw catalogBehind(`The wish to cancel backup ${backupId} is recorded`, `/api/v1/backups/${backupId}`);
  }

  private async append(caller: Caller, backupId: string, tenant: string, reason: string | undefined): Promise<void> {
    const { database, store, newId } = this.house;
    const digest = reason === undefined ? {} : { reasonDigest: createHash('sha256').update(reason).digest('hex') };
    const command = { kind: 'requestCancel', by: caller.keyId, ...digest } as const;
    await database.transaction(async (tx) => {
      const meta = commandMeta(tenant, caller.keyId);
      const { events } = await store.decide(streamOf.backup(backupId), backupDecider, command, { commandId: newId(), meta, tx });
      if (events.length > 0 && reason !== undefined) await tx.query(KEEP_REASON, [backupId, tenant, reason]);
    });
  }
}

const KEEP_REASON = `INSERT INTO operation_texts (operation_id, tenant, cancel_reason) VALUES ($1, $2, $3)
  ON CONFLICT (operation_id) DO UPDATE SET cancel_reason = excluded.cancel_reason`;
