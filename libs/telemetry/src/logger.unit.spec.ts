import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announceReady, childLogger, createLogger, LogFileUnusable } from './logger.ts';
import { inContext, newTrace } from './trace.ts';

function recorded(level?: string) {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, stream, log: createLogger({ service: 'archiver', level, stream }) };
}

test('a line is JSON with time, level by name and service', () => {
  const { lines, log } = recorded();
  log.info({ backup: 'b1' }, 'captured');
  expect(lines).toEqual([
    { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), service: 'archiver', backup: 'b1', msg: 'captured' },
  ]);
});

test('lines carry the ids of the work being done, also after an await', async () => {
  const { lines, log } = recorded();
  const trace = newTrace();
  await inContext({ trace, requestId: 'r1' }, async () => {
    await Promise.resolve();
    inContext({ operationId: 'o1' }, () => log.info('inside'));
  });
  log.info('outside');
  expect(lines[0]).toMatchObject({ request_id: 'r1', operation_id: 'o1', trace_id: trace.traceId });
  expect(lines[1]).not.toHaveProperty('trace_id');
});

test('a child logger names its request', () => {
  const { lines, log } = recorded();
  childLogger(log, { requestId: 'r2', operationId: 'o2', trace: newTrace() }).warn('x');
  expect(lines[0]).toMatchObject({
    level: 'warn',
    request_id: 'r2',
    operation_id: 'o2',
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test('the ready line comes whatever the level', () => {
  const { lines, log } = recorded('fatal');
  log.info('unseen');
  announceReady(log, 'gateway', { port: 8080 });
  expect(lines).toEqual([expect.objectContaining({ ready: 'gateway', port: 8080, msg: 'ready' })]);
});

describe('secrets do not reach the log', () => {
  const key = `dr_${'A1_-'.repeat(10)}xyz`;
  const cases: [string, (log: ReturnType<typeof createLogger>) => void][] = [
    ['a passphrase field, deep down', (log) => log.info({ a: { b: [{ passphrase: 'sesame' }] } })],
    ['a password of any case', (log) => log.info({ dbPassword: 'sesame', NATS_PASSWORD: 'sesame' })],
    ['an API key field', (log) => log.info({ apiKey: 'sesame', 'x-api-key': 'sesame', api_key: 'sesame' })],
    ['request headers', (log) => log.info({ headers: { authorization: 'sesame', cookie: 'sesame' } })],
    ['a secret that is no text', (log) => log.info({ masterKey: { data: ['sesame'] } })],
    ['cloud credentials', (log) => log.info({ AWS_SECRET_ACCESS_KEY: 'sesame', sessionToken: 'sesame', clientSecret: 'sesame' })],
    ['a child logger', (log) => log.child({ passphrase: 'sesame' }).info('x')],
    ['a database URL in a message', (log) => log.info('connecting to postgres://dr:sesame@db:5432/x')],
    ['a password with special letters', (log) => log.info('nats://u:a@b/sesame@host:4222')],
    ['an Authorization value in a message', (log) => log.info('sent Authorization: ApiKey sesame')],
    [
      'an error with cause and stack',
      (log) => log.error({ err: new Error('postgres://u:sesame@h', { cause: new Error('Bearer sesame') }) }, 'x'),
    ],
    ['an assignment', (log) => log.info('BACKUP_PASSPHRASE=sesame')],
    ['an API key by its form', (log) => log.info(`who is ${key}?`)],
  ];
  test.each(cases)('%s', (_, write) => {
    const { lines, log } = recorded();
    write(log);
    expect(JSON.stringify(lines)).not.toContain('sesame');
    expect(JSON.stringify(lines)).not.toContain(key);
    expect(JSON.stringify(lines)).toContain('***');
  });

  test('what only sounds like one stays', () => {
    const { lines, log } = recorded();
    const harmless = { fencing_token: 7, key_id: 'k1', passphrase_file: '/k', url: 'http://127.0.0.1:8080/x', note: 'at 10:20 a@b' };
    log.info(harmless);
    expect(lines[0]).toMatchObject(harmless);
  });
});

describe('the log file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dr-log-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('gets every line, in a folder made for it, and survives rotation', () => {
    const { lines, stream } = recorded();
    const logFile = join(folder, 'deep', 'backup.log');
    const log = createLogger({ service: 's', stream, logFile });
    log.info({ password: 'sesame' }, 'one');
    renameSync(logFile, `${logFile}.1`);
    log.info('two');
    expect(readFileSync(`${logFile}.1`, 'utf8')).toMatch(/"password":"\*\*\*","msg":"one"}\n$/);
    expect(readFileSync(logFile, 'utf8')).toMatch(/"msg":"two"}\n$/);
    expect(lines).toHaveLength(2);
  });

  test('that cannot be opened stops the start and is named', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => createLogger({ service: 's', logFile: join(folder, 'file', 'x.log') })).toThrow(LogFileUnusable);
  });
});
