import { createHash } from 'node:crypto';
import { type Caller, hashApiKey, newApiKey, TenantNeeded } from '@dr/auth';
import { type ApiKeyCreated, apiKeyDecider, streamOf } from '@dr/domain';
import { commandMeta, type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { CatalogClient } from '../catalog-client.ts';
import { HttpProblem } from '../http/problem.ts';
import { identify } from '../idempotency/request-identity.ts';
import { secretShownOnce } from '../idempotency/secret-shown-once.ts';
import { Views } from '../read-own-write/views.ts';
import type { CreateApiKeyBody } from './api-keys.schema.ts';

export interface CreatedApiKey {
  key_id: string;
  api_key: string;
}

/** The use case behind POST /api-keys. The key exists in the reply alone: the log has its SHA-256, an erasable row its name. */
@Injectable()
export class CreateApiKey {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  /** @throws TenantNeeded; Refused 'api_key.beyond_own_grant' (403); HttpProblem 422 `api_key.end_in_past`, 409 for a repeat */
  async run(caller: Caller, body: CreateApiKeyBody): Promise<CreatedApiKey> {
    const tenant = body.tenant_id ?? caller.tenant;
    if (body.tenant_id === undefined && tenant === '*') throw new TenantNeeded();
    const expiresAt = this.endOf(body);
    const { at, commandId } = identify(this.house, 'api key');
    const keyId = `key_${createHash('sha256').update(commandId).digest('hex').slice(0, 16)}`;
    const key = newApiKey();
    const data = { keyId, hash: hashApiKey(key), tenant, scopes: [...new Set(body.scopes)], ...(expiresAt && { expiresAt }) };
    await this.append(caller, data, body.name, commandId);
    nudgeSequencer(this.house);
    const seen = await this.views.untilSeen(streamOf.apiKey(keyId), () => this.catalog.knownApiKey(keyId, tenant)).catch(() => undefined);
    const own = this.resource(caller, data, { api_key: key, name: body.name ?? null, created_at: new Date(at).toISOString() });
    return { ...own, ...seen };
  }

  private endOf({ expires_at }: CreateApiKeyBody): string | undefined {
    if (expires_at === undefined) return undefined;
    if (Date.parse(expires_at) > this.house.now()) return expires_at;
    throw new HttpProblem(422, 'api_key.end_in_past', `The key would have ended at ${expires_at}, which is past; none was made.`);
  }

  private async append(caller: Caller, data: ApiKeyCreated, name: string | undefined, commandId: string): Promise<void> {
    const { database, store } = this.house;
    const labelDigest = name === undefined ? {} : { labelDigest: createHash('sha256').update(name).digest('hex') };
    const command = { kind: 'create', grantedBy: caller, ...data, ...labelDigest } as const;
    await database.transaction(async (tx) => {
      const options = { commandId, meta: commandMeta(data.tenant, caller.keyId), tx };
      const { duplicate } = await store.decide(streamOf.apiKey(data.keyId), apiKeyDecider, command, options);
      if (duplicate) throw secretShownOnce(data.keyId);
      const sql = 'INSERT INTO operation_texts (operation_id, tenant, description) VALUES ($1, $2, $3)';
      if (name !== undefined) await tx.query(sql, [data.keyId, data.tenant, name]);
    });
  }

  /** The secret is told now or never, so the reply does not hang on the catalog. */
  private resource(
    caller: Caller,
    { keyId, tenant, scopes, expiresAt }: ApiKeyCreated,
    more: { api_key: string; name: string | null; created_at: string },
  ) {
    const past = { created_by: caller.keyId, revoked_at: null, last_used_at: null, status: 'active' };
    return { key_id: keyId, tenant_id: tenant, scopes, expires_at: expiresAt ?? null, ...past, ...more };
  }
}
