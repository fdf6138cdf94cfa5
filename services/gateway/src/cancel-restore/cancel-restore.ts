import { type Caller, visibleTenant } from '@dr/auth';
import { type RestoreState, restoreDecider, streamOf } from '@dr/domain';
import { commandMeta, type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { isPlainId } from '../load-backup/load-backup.ts';
import { catalogBehind } from '../read-own-write/catalog-behind.ts';
import { Views } from '../read-own-write/views.ts';

/**
 * The use case behind POST /restores/{id}/cancel: writes down the wish. The restorer takes it from there, now or when it is back; the log
 * itself decides between a cancel and the beginning of the swap.
 */
@Injectable()
export class CancelRestore {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** @throws HttpProblem 404; WrongState 'wrong_state.restore_swapping' or 'wrong_state.restore_ended' (409) */
  async run(caller: Caller, restoreId: string): Promise<object> {
    const { store, newId } = this.house;
    const { request } = await this.load(caller, restoreId);
    const meta = commandMeta(request.tenant, caller.keyId);
    const command = { kind: 'requestCancel', by: caller.keyId } as const;
    await store.decide(streamOf.restore(restoreId), restoreDecider, command, { commandId: newId(), meta });
    nudgeSequencer(this.house);
    const seen = await this.views.untilSeen(streamOf.restore(restoreId), async () => {
      const restore = (await this.catalog.restore(restoreId, scopeOf(caller.tenant))) as
        | { cancel_requested_at?: string | null }
        | undefined;
      return restore?.cancel_requested_at ? restore : undefined;
    });
    if (seen) return seen;
    throw catalogBehind(`The wish to cancel restore ${restoreId} is recorded`, `/api/v1/restores/${restoreId}`);
  }

  private async load(caller: Caller, id: string): Promise<Exclude<RestoreState, { status: 'absent' }>> {
    if (!isPlainId(id)) throw notFound('restore', id);
    const { state } = await this.house.store.load(streamOf.restore(id), restoreDecider);
    if (state.status === 'absent' || !visibleTenant(caller, state.request.tenant)) throw notFound('restore', id);
    return state;
  }
}
