import { type Caller, visibleTenant } from '@dr/auth';
import { apiKeyDecider, streamOf } from '@dr/domain';
import { commandMeta, type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { type ApiKeyView, CatalogClient } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { isPlainId } from '../load-backup/load-backup.ts';
import { catalogBehind } from '../read-own-write/catalog-behind.ts';
import { Views } from '../read-own-write/views.ts';

/** The use case behind DELETE /api-keys/{id}. When it returns, every gateway refuses the key: the catalog looks for the event itself. */
@Injectable()
export class RevokeApiKey {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** @throws HttpProblem 404 */
  async run(caller: Caller, keyId: string): Promise<ApiKeyView> {
    if (!isPlainId(keyId)) throw notFound('api_key', keyId);
    const { store, newId } = this.house;
    const stream = streamOf.apiKey(keyId);
    const { state } = await store.load(stream, apiKeyDecider);
    if (state.status === 'absent' || !visibleTenant(caller, state.key.tenant)) throw notFound('api_key', keyId);
    const options = { commandId: newId(), meta: commandMeta(state.key.tenant, caller.keyId) };
    await store.decide(stream, apiKeyDecider, { kind: 'revoke' }, options);
    nudgeSequencer(this.house);
    const seen = await this.views.untilSeen(stream, async () => {
      const key = await this.catalog.knownApiKey(keyId, caller.tenant);
      return key?.revoked_at ? key : undefined;
    });
    if (seen) return seen;
    throw catalogBehind(`Key ${keyId} is revoked`, `/api/v1/api-keys/${keyId}`);
  }
}
