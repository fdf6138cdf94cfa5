/** Keys and credentials: a secret is shown once, alone, and nowhere else. */
import { problem } from '../testing/stub-gateway.ts';
import { gateway, ok, stopGateways } from '../testing/stubs.ts';
import { dr } from '../testing/terminal.ts';

afterEach(stopGateways);

describe('api-keys', () => {
  const key = { key_id: 'key_1', tenant_id: 'acme', scopes: ['backup:read', 'backup:create'], api_key: 'dr_secret', expires_at: null };

  test('create gives the key alone on stdout', async () => {
    const stub = await gateway(() => ok(key, 201));
    const argv = ['--scopes', 'backup:read,backup:create', '--tenant-id', 'acme', '--name', 'cron', '--expires-at', '2027-01-01'];
    const ran = await dr(['api-keys', 'create', ...argv], { env: stub.env });
    expect(ran).toMatchObject({ code: 0, stdout: 'dr_secret\n' });
    expect(ran.stderr).not.toContain('dr_secret');
    expect(stub.asked[0]).toMatchObject({
      path: '/api/v1/api-keys',
      body: { scopes: ['backup:read', 'backup:create'], tenant_id: 'acme', name: 'cron', expires_at: '2027-01-01T00:00:00.000Z' },
    });
    expect(await dr(['api-keys', 'create'], { env: stub.env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--scopes is missing'),
    });
  });

  test('a secret that was in a lost reply is told as lost at once, not asked for again', async () => {
    const problem = { code: 'idempotency.secret_shown_once', detail: 'Revoke key_1 and make another.', status: 409 };
    const stub = await gateway(() => ok(problem, 409));
    const ran = await dr(['api-keys', 'create', '--scopes', 'backup:read'], { env: stub.env });
    expect(ran).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('Revoke key_1') });
    expect(stub.asked).toHaveLength(1);
  });

  test('one that has run out is not shown as active', async () => {
    const expired = { ...key, api_key: undefined, expires_at: '2026-01-01T00:00:00.000Z', status: 'expired' };
    const stub = await gateway(() =>
      ok({ api_keys: [expired, { ...expired, status: 'revoked', revoked_at: '2026-01-01T00:00:00.000Z' }] }),
    );
    const { stdout } = await dr(['api-keys', 'list'], { env: stub.env });
    expect(stdout.match(/active|expired|revoked/g)).toEqual(['expired', 'revoked']);
  });

  test('create with a key of all tenants asks whose the new one is', async () => {
    const problem = { code: 'request.tenant_needed', detail: 'Name a tenant.', status: 400, title: 'Bad Request' };
    const stub = await gateway(() => ({ status: 400, body: JSON.stringify(problem) }));
    const ran = await dr(['api-keys', 'create', '--scopes', 'backup:read'], { env: stub.env });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/say whose the new one is: --tenant-id T, or --tenant-id '\*'/);
    expect((await dr(['api-keys', 'create', '--help'])).stdout).toContain('needed with a key of all tenants');
  });

  test('list and revoke', async () => {
    const { api_key: _, ...listed } = key;
    const stub = await gateway(({ method }) =>
      method === 'GET' ? ok({ api_keys: [listed], next_cursor: null }) : { status: 204, body: '' },
    );
    expect((await dr(['api-keys', 'list'], { env: stub.env })).stdout).toMatch(/key_1 +- +acme +active +- +backup:read backup:create/);
    expect(await dr(['api-keys', 'revoke', 'key_1'], { env: stub.env })).toEqual({ code: 0, stdout: 'Key revoked: key_1\n', stderr: '' });
    expect(stub.asked.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/v1/api-keys/key_1' });
    expect(JSON.parse((await dr(['api-keys', 'revoke', 'key_1', '--json'], { env: stub.env })).stdout)).toMatchObject({ key_id: 'key_1' });
  });
});

describe('subscribers', () => {
  const subscriber = { subscriber_id: 's-1', tenant_id: 'acme', name: 'audit', created_at: '2026-01-01T00:00:00.000Z', revoked_at: null };

  test('create gives what a client needs alone on stdout, and the seed nowhere else', async () => {
    const made = { ...subscriber, seed: 'SUSECRET', consumer: 'sub-0' };
    const stub = await gateway(() => ok(made, 201));
    const ran = await dr(['subscribers', 'create', '--tenant-id', 'acme', '--name', 'audit'], { env: stub.env });
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual(made);
    expect(ran.stderr).not.toContain('SUSECRET');
    expect(stub.asked).toMatchObject([{ method: 'POST', path: '/api/v1/event-subscribers', body: { tenant_id: 'acme', name: 'audit' } }]);
  });

  test('list and revoke', async () => {
    const revoked = { ...subscriber, subscriber_id: 's-2', name: null, revoked_at: '2026-01-02T00:00:00.000Z' };
    const stub = await gateway(({ method }) => ok(method === 'GET' ? { subscribers: [subscriber, revoked] } : revoked));
    const { stdout } = await dr(['subscribers', 'list'], { env: stub.env });
    expect(stdout).toMatch(/s-1 +audit +acme +active/);
    expect(stdout).toMatch(/s-2 +- +acme +revoked/);
    expect(await dr(['subscribers', 'revoke', 's-2'], { env: stub.env })).toEqual({
      code: 0,
      stdout: 'Subscriber revoked: s-2\n',
      stderr: '',
    });
    expect(stub.asked.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/v1/event-subscribers/s-2' });
  });

  test('what the gateway refuses is told, and nothing is tried again', async () => {
    const stub = await gateway(() => problem(501, 'events.not_embedded', 'The NATS server is not this house’s own.'));
    const ran = await dr(['subscribers', 'create'], { env: stub.env });
    expect(ran).toMatchObject({ stdout: '', stderr: expect.stringContaining('not this house’s own') });
    expect(ran.code).not.toBe(0);
    expect(stub.asked.length).toBe(1);
  });
});
