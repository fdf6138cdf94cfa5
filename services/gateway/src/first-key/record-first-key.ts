import { readFile } from 'node:fs/promises';
import { hashApiKey, SCOPES } from '@dr/auth';
import { systemEnvironment } from '@dr/config';
import { apiKeyDecider, streamOf } from '@dr/domain';
import { type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';

/**
 * Makes the key of DR_HOME/credentials.json (the supervisor names the file) an admin key of all tenants. Its id comes from its hash, so every
 * start repeats the same command, and only the first one writes.
 */
@Injectable()
export class RecordFirstKey implements OnApplicationBootstrap {
  constructor(@InjectHouse() private readonly house: House) {}

  async onApplicationBootstrap(): Promise<void> {
    const file = systemEnvironment()['DR_CREDENTIALS_FILE'];
    if (!file) return;
    const { api_key } = JSON.parse(await readFile(file, 'utf8')) as { api_key: string };
    const hash = hashApiKey(api_key);
    const keyId = `first_${hash.slice(0, 16)}`;
    const command = { kind: 'create', keyId, hash, tenant: '*', scopes: [...SCOPES], grantedBy: 'bootstrap' } as const;
    const meta = { tenant: '*', requestId: 'start', actor: 'gateway' };
    await this.house.store.decide(streamOf.apiKey(keyId), apiKeyDecider, command, { commandId: `create-${keyId}`, meta });
    nudgeSequencer(this.house);
  }
}
