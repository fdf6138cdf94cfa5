import { type Caller, visibleTenant } from '@dr/auth';
import { apiKeyDecider, isHouseAdmin, streamOf } from '@dr/domain';
import { commandMeta, type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { type ApiKeyView, CatalogClient } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { isPlainId } from '../load-backup/load-backup.ts';
import { catalogBehind } from '../read-own-write/catalog-behind.ts';
import { Views } from '../read-own-write/views.ts';
import { hasAnotherAdmin, LOCK_REVOCATIONS } from './another-admin.ts';

/** The use case behind DELETE /api-keys/{id}. When it returns, every gateway refuses the key: the catalog looks for the event itself. */
@Injectable()
export class RevokeApiKey {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** @throws HttpProblem 404; Refused 'api_key.last_admin' (409) */
  async run(caller: Caller, keyId: string): Promise<ApiKeyView> {
    if (!isPlainId(keyId)) throw notFound('api_key', keyId);
    const { store, newId, now } = this.house;
    const stream = streamOf.apiKey(keyId);
    const { state } = await store.load(stream, apiKeyDecider);
    if (state.status === 'absent' || !visibleTenant(caller, state.key.tenant)) throw notFound('api_key', keyId);
    await this.house.database.transaction(async (tx) => {
      await tx.query(LOCK_REVOCATIONS);
      const isAlone = isHouseAdmin(state, now()) && !(await hasAnotherAdmin(this.house, this.catalog, keyId, tx));
      const command = { kind: 'revoke', ...(isAlone && { aloneAt: now() }) } as const;
      await store.decide(stream, apiKeyDecider, command, { commandId: newId(), meta: commandMeta(state.key.tenant, caller.keyId), tx });
    });
    nudgeSequencer(this.house);
    const seen = await this.views.untilSeen(stream, async () => {
      const key = await this.catalog.knownApiKey(keyId, caller.tenant);
      return key?.revoked_at ? key : undefined;
    });
    if (seen) return seen;
    throw catalogBehind(`Key ${keyId} is revoked`, `/api/v1/api-keys/${keyId}`);
  }
}
