import { authorise, type Caller } from '@dr/auth';
import { type BackupCommand, backupDecider, isVerifiedGood, streamOf } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import { commandMeta, type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { type BackupView, CatalogClient, scopeOf } from '../catalog-client.ts';
import { HttpProblem } from '../http/problem.ts';
import { type KnownBackup, loadBackup } from '../load-backup/load-backup.ts';
import { catalogBehind } from '../read-own-write/catalog-behind.ts';
import { Views } from '../read-own-write/views.ts';
import { LOCK_DELETIONS, refuseLastGoodCopy } from './last-good-copy.ts';

/** The use cases behind DELETE /backups/{id} and POST /backups/{id}/undelete. No byte is removed by either. */
@Injectable()
export class DeleteBackup {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** @throws HttpProblem 404; 409 with the reason; ScopeMissing for force by a key that is no admin's */
  async delete(caller: Caller, backupId: string, force: boolean): Promise<object> {
    if (force) authorise(caller, 'admin');
    const state = await loadBackup(this.house, caller, backupId);
    await this.refuseHeld(state);
    const copies = force || !isVerifiedGood(state) ? [] : await this.catalog.otherCopies(backupId);
    await this.decide(caller, state, { kind: 'requestDelete', by: caller.keyId, force }, async (tx) => {
      await tx.query(LOCK_DELETIONS, [state.request.tenant]);
      if (!force) await refuseLastGoodCopy(this.house.store, tx, backupId, copies);
    });
    return this.seen(caller, backupId, ({ status }) => status === 'deleting' || status === 'deleted');
  }

  async undelete(caller: Caller, backupId: string): Promise<object> {
    const state = await loadBackup(this.house, caller, backupId);
    await this.decide(caller, state, { kind: 'undelete', by: caller.keyId });
    return this.seen(caller, backupId, ({ status }) => status !== 'deleting' && status !== 'deleted');
  }

  private async refuseHeld({ request: { backupId, tenant } }: KnownBackup): Promise<void> {
    const backup = await this.catalog.backup(backupId, scopeOf(tenant));
    if (backup === undefined || backup.holds.length === 0) return;
    throw new HttpProblem(409, 'backup.held', `Backup ${backupId} is held (${backup.holds.length} hold(s)). Release it first.`);
  }

  private async decide(
    caller: Caller,
    { request: { backupId, tenant } }: KnownBackup,
    command: BackupCommand,
    before: (tx: Queryable) => Promise<void> = async () => undefined,
  ): Promise<void> {
    const { database, store, newId } = this.house;
    await database.transaction(async (tx) => {
      await before(tx);
      const options = { commandId: newId(), meta: commandMeta(tenant, caller.keyId), tx };
      await store.decide(streamOf.backup(backupId), backupDecider, command, options);
    });
    nudgeSequencer(this.house);
  }

  private async seen(caller: Caller, backupId: string, isSo: (backup: BackupView) => boolean): Promise<BackupView> {
    const seen = await this.views.untilSeen(streamOf.backup(backupId), async () => {
      const backup = await this.catalog.backup(backupId, scopeOf(caller.tenant));
      return backup && isSo(backup) ? backup : undefined;
    });
    if (seen) return seen;
    throw catalogBehind(`The change of backup ${backupId} is recorded`, `/api/v1/backups/${backupId}`);
  }
}
