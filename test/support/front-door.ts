/** The gateway and the catalog in one process, over REST, on a database and a bus account of their own: no archiver, no restorer, no repository. */
import 'reflect-metadata';
import { type ApiKeyCreated, apiKeyDecider, backupDecider, type DomainEvent, SCOPES, type Scope, streamOf } from '@dr/domain';
import { rows } from '@dr/event-store';
import { nudgeSequencer, ServiceHealth } from '@dr/service';
import { NestFactory } from '@nestjs/core';
import { hashApiKey, newApiKey } from '../../libs/auth/src/api-key.ts';
import { type TestHouse, testHouse, until } from '../../libs/service/src/testing/test-house.ts';
import { CatalogModule } from '../../services/catalog/src/catalog.module.ts';
import { migrations as catalogMigrations } from '../../services/catalog/src/migrations.ts';
import { GatewayModule } from '../../services/gateway/src/gateway.module.ts';
import { createServer } from '../../services/gateway/src/http/server.ts';
import { migrations as gatewayMigrations } from '../../services/gateway/src/migrations.ts';
import type { TestDatabase } from './servers.ts';

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  body: Body;
}

export interface Call {
  body?: unknown;
  headers?: Record<string, string>;
  /** Default: an admin key of all tenants. */
  key?: string;
}

export interface FrontDoor {
  house: TestHouse;
  /** An admin key of all tenants. */
  admin: string;
  call<Body = Record<string, unknown>>(method: string, path: string, call?: Call): Promise<Answer<Body>>;
  /** Another gateway on the same house, with a memory of its own. */
  anotherGateway(): Promise<FrontDoor['call']>;
  /** Waits until the catalog has seen everything that was appended. */
  settled(): Promise<void>;
  /** Makes a key by the log itself. The catalog knows it when this resolves, as it does with `backup`. */
  key(grants: { tenant: string; scopes?: readonly Scope[]; expiresAt?: string }): Promise<string>;
  /** Appends what an archiver would have: the commands on a backup, in order. */
  backup(backupId: string, ...commands: Parameters<typeof backupDecider.decide>[1][]): Promise<readonly DomainEvent[]>;
  close(): Promise<void>;
}

const meta = { tenant: 'acme', requestId: 'spec', actor: 'spec' };

export async function frontDoor(env: Record<string, string> = {}, database?: TestDatabase): Promise<FrontDoor> {
  const migrations = [...catalogMigrations, ...gatewayMigrations];
  const house = await testHouse({ service: 'gateway', migrations, env, ...(database && { database }) });
  const health = new ServiceHealth(house);
  const catalog = await NestFactory.createApplicationContext(CatalogModule.of(house, health), { logger: false });
  const closes: (() => Promise<void>)[] = [];
  const open = async (): Promise<FrontDoor['call']> => {
    const app = await createServer(house, GatewayModule.of(house, health));
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    closes.push(() => app.close());
    return async (method, path, { body, headers = {}, key = admin } = {}) => {
      const reply = await app.inject({
        method: method as 'GET',
        url: path.startsWith('/health') ? path : `/api/v1${path}`,
        headers: { ...(key && { authorization: `ApiKey ${key}` }), ...(body === undefined ? {} : jsonType), ...headers },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: reply.statusCode, headers: reply.headers, body: (reply.body === '' ? {} : reply.json()) as never };
    };
  };
  const key = (grants: Parameters<FrontDoor['key']>[0]) => makeKey(house, grants);
  const admin = await key({ tenant: '*' });
  const call = await open();
  const close = async () => {
    for (const closeApp of closes) await closeApp();
    await catalog.close();
    await house.close();
  };
  const backup: FrontDoor['backup'] = (backupId, ...commands) => appendTo(house, backupId, commands);
  return { house, admin, call, anotherGateway: open, key, backup, settled: () => settled(house), close };
}

const jsonType = { 'content-type': 'application/json' };

async function makeKey(house: TestHouse, { tenant, scopes = SCOPES, expiresAt }: Parameters<FrontDoor['key']>[0]): Promise<string> {
  const key = newApiKey();
  const keyId = `key_${hashApiKey(key).slice(0, 16)}`;
  const data: ApiKeyCreated = { keyId, hash: hashApiKey(key), tenant, scopes, ...(expiresAt && { expiresAt }) };
  const options = { commandId: `create-${keyId}`, meta: { ...meta, tenant } };
  await house.store.decide(streamOf.apiKey(keyId), apiKeyDecider, { kind: 'create', grantedBy: 'bootstrap', ...data }, options);
  await settled(house);
  return key;
}

const BEHIND = `SELECT (SELECT count(*) FROM unsealed) AS unsealed, (SELECT coalesce(max(position), 0) FROM event_log) AS head,
  (SELECT max(position) FROM processors WHERE name = 'catalog') AS seen`;

async function settled(house: TestHouse): Promise<void> {
  nudgeSequencer(house);
  await until(async () => {
    const [at] = await rows<{ unsealed: string; head: string; seen: string | null }>(house.database, BEHIND);
    return at!.unsealed === '0' && at!.head === at!.seen;
  }, 'the catalog to see everything');
}

let commands = 0;

async function appendTo(
  house: TestHouse,
  backupId: string,
  all: Parameters<typeof backupDecider.decide>[1][],
): Promise<readonly DomainEvent[]> {
  for (const command of all) {
    const options = { commandId: `spec-${++commands}-${backupId}`, meta };
    await house.store.decide(streamOf.backup(backupId), backupDecider, command, options);
  }
  await settled(house);
  return house.store.read(streamOf.backup(backupId));
}
