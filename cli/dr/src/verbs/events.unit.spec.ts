/** What is told of the log, and how a running operation is drawn. */
import { type Answer, backup, problem } from '../testing/stub-gateway.ts';
import { gateway, ok, stopGateways } from '../testing/stubs.ts';
import { dr } from '../testing/terminal.ts';

const ID = 'backup_20260131_120000_0a1b2c3d';

afterEach(stopGateways);

describe('events', () => {
  const event = (n: number) => ({ specversion: '1.0', id: String(n), type: 'BackupSealed', subject: ID, time: '2026-01-31T12:00:00Z' });
  const message = (n: number): string => `id: ${n}\ndata: ${JSON.stringify(event(n))}\n\n`;

  test('of one backup, from its own list or from among all others', async () => {
    const one = `2026-01-31 12:00:00  BackupSealed  ${ID}\n`;
    const listing = await gateway(({ path }) =>
      ok(path.endsWith('/events') ? { events: [event(1), event(2)], next_cursor: null } : backup('completed')),
    );
    expect(await dr(['events', ID], { env: listing.env })).toEqual({ code: 0, stdout: one.repeat(2), stderr: '' });
    const other = `id: 3\ndata: ${JSON.stringify({ ...event(3), subject: 'backup-other' })}\n\n`;
    const streaming = await gateway(({ path }) => {
      if (path === '/api/v1/events') return { status: 200, type: 'text/event-stream', body: message(1) + other };
      return path.endsWith('/events') ? problem(404, 'request.no_such_path', 'no') : ok(backup('completed'));
    });
    expect(await dr(['events', ID], { env: streaming.env })).toEqual({ code: 0, stdout: one, stderr: '' });
    expect(streaming.asked.at(-1)!.query).toEqual({ after: '0', tenant_id: 'acme' });
    const unknown = await gateway(() => problem(404, 'backup.not_found', 'no such backup'));
    expect(await dr(['events', ID], { env: unknown.env })).toMatchObject({ code: 4, stdout: '' });
  });

  test('of everything, as the log has told it', async () => {
    const stub = await gateway(() => ({ status: 200, type: 'text/event-stream', body: `: hello\n\n${message(1)}${message(2)}` }));
    const ran = await dr(['events', '--json', '--after', '0', '--types', 'BackupSealed,BackupFailed'], { env: stub.env });
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['1', '2']);
    expect(stub.asked[0]).toMatchObject({ path: '/api/v1/events', query: { after: '0', types: 'BackupSealed,BackupFailed' } });
    expect(stub.asked[0]!.headers.accept).toBe('text/event-stream');
  });

  test('--follow goes on after a broken connection, behind the last event, until Ctrl-C', async () => {
    const stop = new AbortController();
    const bodies: Answer[] = [message(1), message(2)].map((body) => ({ status: 200, type: 'text/event-stream', body }));
    const stub = await gateway((_, turn) => {
      if (turn === 2) setTimeout(() => stop.abort(), 50);
      return bodies[turn] ?? 'hang up';
    });
    const ran = await dr(['events', '--follow', '--json'], { env: stub.env, signal: stop.signal });
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['1', '2']);
    expect(stub.asked.map(({ query }) => query['after'])).toEqual([undefined, '1', '2']); // from now on, then behind the last one
    expect(ran.code).toBe(0);
  });

  test('--follow that is cut off before its first event goes on from where it began', async () => {
    const stop = new AbortController();
    const bodies: Answer[] = ['id: 7\n\n', message(8)].map((body) => ({ status: 200, type: 'text/event-stream', body }));
    const stub = await gateway((_, turn) => {
      if (turn === 2) setTimeout(() => stop.abort(), 50);
      return bodies[turn] ?? 'hang up';
    });
    const ran = await dr(['events', '--follow', '--json'], { env: stub.env, signal: stop.signal });
    expect(JSON.parse(ran.stdout)).toMatchObject({ id: '8' });
    expect(stub.asked.map(({ query }) => query['after'])).toEqual([undefined, '7', '8']);
    expect(ran.stderr).not.toContain('no event');
  });

  test('a gateway that is not there at all is an error', async () => {
    const stub = await gateway(() => problem(403, 'auth.scope_missing', 'no'));
    expect((await dr(['events', '--follow'], { env: stub.env })).code).toBe(5);
    expect((await dr(['events'], { env: { DR_URL: 'http://127.0.0.1:1', DR_API_KEY: 'k' } })).code).toBe(1);
  });
});

describe('progress', () => {
  test('shows bytes, rate and remaining time from the live progress', async () => {
    let now = 0;
    const live = (done: number) => ok({ bytes_done: done, bytes_total: 4 * 2 ** 20, datasets_done: 1, datasets_total: 2 });
    let asked = 0;
    const stub = await gateway(({ method, path }) => {
      if (method === 'POST') return ok(backup('pending'), 202);
      if (path.endsWith('/progress')) return live(++asked * 2 ** 20);
      return ok(backup(asked < 2 ? 'running' : 'completed'));
    });
    const ran = await dr(['create'], { env: stub.env, isTerminal: true, now: () => (now += 250) });
    expect(stub.asked.some(({ path }) => path === `/api/v1/operations/${ID}/progress`)).toBe(true);
    expect(ran.stderr).toMatch(/\[######-{18}\] {2}25 % {2}1\.0 MiB of 4\.0 MiB, 1 of 2 data sets, running/);
    expect(ran.stderr).toMatch(/2\.0 MiB of 4\.0 MiB, [\d.]+ MiB\/s, [\d.]+ s left/);
  });

  test('without it there are data sets only, and it is asked for once', async () => {
    const stub = await gateway(({ method, path }, turn) => {
      if (method === 'POST') return ok(backup('pending'), 202);
      return path.endsWith('/progress') ? problem(404, 'x', 'no') : ok(backup(turn < 4 ? 'running' : 'completed'));
    });
    const ran = await dr(['create'], { env: stub.env, isTerminal: true });
    expect(ran.stderr).toContain('1 of 2 data sets, running');
    expect(stub.asked.filter(({ path }) => path.endsWith('/progress'))).toHaveLength(1);
  });

  test('off a terminal nothing is drawn or asked for', async () => {
    const stub = await gateway(({ method }) => (method === 'POST' ? ok(backup('pending'), 202) : ok(backup('completed'))));
    const ran = await dr(['create'], { env: stub.env });
    expect(ran.stderr).not.toContain('\r');
    expect(stub.asked.filter(({ path }) => path.endsWith('/progress'))).toEqual([]);
  });

  test('is cut to the width of the terminal', async () => {
    const stub = await gateway(({ method }) => (method === 'POST' ? ok(backup('pending'), 202) : ok(backup('completed'))));
    const ran = await dr(['create'], { env: stub.env, isTerminal: true, columns: () => 40 });
    const drawn = ran.stderr.split('\r').filter((line) => line.startsWith(`${ID}  [`));
    expect(drawn.map((line) => [line.length, line.at(-1)])).toEqual(drawn.map(() => [39, '…']));
    expect(drawn).not.toEqual([]);
  });
});
