import type { AddressInfo } from 'node:net';
import { hashApiKey, SCOPES, type Scope } from '@dr/auth';
import { apiKeyDecider, backupDecider, restoreDecider, streamOf, verificationDecider } from '@dr/domain';
import { AdvisoryLocks } from '@dr/event-store';
import { connectBus } from '@dr/messaging';
import { type House, ServiceHealth } from '@dr/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { restoreOptions } from '../../../libs/domain/src/testing/samples.ts';
import { type TestHouse, testHouse, until } from '../../../libs/service/src/testing/test-house.ts';
import { AnswerLogCopy } from '../../../services/catalog/src/copy-log/answer-log-copy.ts';
import { CopyLog } from '../../../services/catalog/src/copy-log/copy-log.ts';
import { KeepLog } from '../../../services/catalog/src/log/keep-log.ts';
import { migrations } from '../../../services/catalog/src/migrations.ts';
import { AnswerQueries } from '../../../services/catalog/src/queries/answer-queries.ts';
import { KeepViews } from '../../../services/catalog/src/views/keep-views.ts';
import { GatewayModule } from '../../../services/gateway/src/gateway.module.ts';
import { createServer } from '../../../services/gateway/src/http/server.ts';

export interface RealRoute {
  method: string;
  url: string;
}

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  body: T;
  text: string;
}

export interface Ask {
  key?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The gateway and the catalog in this process, on a real PostgreSQL and a real NATS. Nobody works on what is requested. */
export class TestGateway {
  readonly house: TestHouse;
  readonly app: NestFastifyApplication;
  /** Every route that Fastify was given. */
  readonly routes: RealRoute[];
  private readonly closers: (() => Promise<unknown> | unknown)[];
  private made = 0;

  private constructor(house: TestHouse, app: NestFastifyApplication, routes: RealRoute[], closers: TestGateway['closers']) {
    this.house = house;
    this.app = app;
    this.routes = routes;
    this.closers = closers;
  }

  static async start(env: Record<string, string> = {}): Promise<TestGateway> {
    const house = await testHouse({ service: 'gateway', migrations, env });
    const catalog = await startCatalog(house);
    const app = await createServer(house, GatewayModule.of(house, new ServiceHealth(house)));
    const routes: RealRoute[] = [];
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRoute', ({ method, url }: { method: string | string[]; url: string }) => {
        for (const one of [method].flat()) routes.push({ method: one, url });
      });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return new TestGateway(house, app, routes, [() => app.close(), catalog, () => house.close()]);
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close();
  }

  async ask<T = Record<string, unknown>>(method: string, url: string, { key, body, headers = {} }: Ask = {}): Promise<Answer<T>> {
    const json = body !== undefined && headers['content-type'] === undefined ? { 'content-type': 'application/json' } : {};
    const reply = await this.app.inject({
      method: method as 'GET',
      url,
      headers: { ...(key === undefined ? {} : { authorization: `ApiKey ${key}` }), ...json, ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: reply.statusCode, headers: reply.headers, text: reply.payload, body: parsed(reply.payload) as T };
  }

  /** Begins to listen on a free port of loopback. @returns the URL up to the path. */
  async listen(): Promise<string> {
    await this.app.listen(0, '127.0.0.1');
    return `http://127.0.0.1:${(this.app.getHttpServer().address() as AddressInfo).port}`;
  }

  /** A backup in the log that nobody works on. @returns its id. */
  async backup(tenant: string, datasetIds: readonly string[] = ['a']): Promise<string> {
    const backupId = backupIdOf(this.made++);
    const datasets = datasetIds.map((datasetId, i) => ({ n: i + 1, datasetId, format: 'v4' as const, path: `${tenant}/${datasetId}` }));
    const command = { kind: 'request', backupId, tenant, backupType: 'full', datasets, requestedBy: 'test' } as const;
    const meta = { tenant, requestId: 'test', actor: 'test' };
    await this.house.store.decide(streamOf.backup(backupId), backupDecider, command, { commandId: this.house.newId(), meta });
    return backupId;
  }

  /** A restore and a verification of a backup, and a key of its tenant: something of every kind that has an id. */
  async operationsOn(backupId: string, tenant: string): Promise<{ restore: string; verification: string; apiKey: string }> {
    const [restoreId, verificationId] = [backupId.replace('backup', 'restore'), backupId.replace('backup', 'verification')];
    const about = { backupId, tenant, requestedBy: 'test' };
    const dataset = { n: 1, from: 'a', to: 'b', format: 'v4' as const, root: '0'.repeat(64) };
    const restore = {
      kind: 'request',
      restoreId,
      targetTenant: tenant,
      datasets: [dataset],
      lacking: [],
      options: restoreOptions,
      ...about,
    } as const;
    const verification = { kind: 'request', verificationId, level: 'full', ...about } as const;
    const options = () => ({ commandId: this.house.newId(), meta: { tenant, requestId: 'test', actor: 'test' } });
    await this.house.store.decide(streamOf.restore(restoreId), restoreDecider, restore, options());
    await this.house.store.decide(streamOf.verification(verificationId), verificationDecider, verification, options());
    await this.key({ tenant });
    return { restore: restoreId, verification: verificationId, apiKey: `key_${this.made}` };
  }

  /** Waits until the catalog shows everything that is in the log. */
  async settled(): Promise<void> {
    const sql = `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM unsealed)
      AND (SELECT coalesce(max(position), 0) FROM event_log) <= (SELECT max(position) FROM processors WHERE name = 'catalog')`;
    await until(async () => ((await this.house.database.query(sql)) as unknown[]).length === 1, 'the catalog to catch up');
  }

  /** A key, usable when this resolves (for an expired or revoked one: known to be that). */
  async key({ tenant = '*', scopes = SCOPES, expiresAt, revoked = false }: KeyWish = {}): Promise<string> {
    const key = `dr_test_${process.pid}_${this.made++}_${tenant}`.padEnd(46, 'x');
    const [hash, keyId] = [hashApiKey(key), `key_${this.made}`];
    const meta = { tenant, requestId: 'test', actor: 'test' };
    const decide = (command: Parameters<typeof apiKeyDecider.decide>[1]) =>
      this.house.store.decide(streamOf.apiKey(keyId), apiKeyDecider, command, { commandId: this.house.newId(), meta });
    await decide({ kind: 'create', keyId, hash, tenant, scopes: [...scopes], grantedBy: 'bootstrap', ...(expiresAt && { expiresAt }) });
    if (revoked) await decide({ kind: 'revoke' });
    const known = 'SELECT 1 FROM catalog_api_keys WHERE hash = $1 AND revoked = $2';
    await until(async () => ((await this.house.database.query(known, [hash, revoked])) as unknown[]).length === 1, 'the key in the view');
    return key;
  }
}

/** Ids in the form of the house's own, one second apart. */
const backupIdOf = (n: number) => `backup_20260101_${String(100_000 + n).slice(0, 6)}_${n.toString(16).padStart(8, '0')}`;

export interface KeyWish {
  tenant?: string;
  scopes?: readonly Scope[];
  expiresAt?: string;
  revoked?: boolean;
}

/** The catalog has a connection of its own to the bus and its own locks, as its process would. */
async function startCatalog(house: TestHouse): Promise<() => Promise<void>> {
  const { user, pass, url } = house.busAccount;
  const bus = await connectBus({ service: 'catalog', url, user, pass });
  const locks = new AdvisoryLocks(house.database);
  const own: House = { ...house, service: 'catalog', bus, locks };
  const health = new ServiceHealth(own);
  const copy = new CopyLog(own, health);
  const parts = [copy, new AnswerLogCopy(own, copy), new KeepLog(own, health, copy), new KeepViews(own, health), new AnswerQueries(own)];
  for (const part of parts) part.onApplicationBootstrap();
  return async () => {
    for (const part of parts.reverse()) await part.onApplicationShutdown();
    await locks.close();
    await bus.close();
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
