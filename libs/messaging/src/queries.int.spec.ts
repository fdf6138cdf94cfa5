import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { currentTrace, currentWork, inContext, newTrace } from '@dr/telemetry';
import { headers } from '@nats-io/transport-node';
import type { Bus } from './bus.ts';
import { AnswerTimeout, BadMessage, BusUnavailable, NoAnswer, RemoteError, TooBusy } from './errors.ts';
import { answer, query } from './queries.ts';
import { recordingLog, type TestLine, testAccount, until } from './testing/test-bus.ts';

const SUBJECT = 'dr.query.catalog.backups.list';
let account: Awaited<ReturnType<typeof testAccount>>;
let asker: Bus;
let catalog: Bus;
let lines: TestLine[];
beforeEach(async () => {
  account = await testAccount();
  const recording = recordingLog();
  lines = recording.lines;
  [asker, catalog] = [await account.connect('gateway'), await account.connect('catalog', { log: recording.log })];
});
afterEach(() => account.close());

const failing = (error: unknown) =>
  answer(catalog, SUBJECT, () => {
    throw error;
  });

const asked = async (body?: unknown) => {
  await catalog.connection.flush();
  return query(asker, SUBJECT, body, { timeoutMs: 1_000 });
};

const failureOf = (run: Promise<unknown>) =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a question and its answer are JSON', async () => {
  answer<{ tenant: string }>(catalog, SUBJECT, async ({ tenant }) => ({ backups: [tenant, 'ü', null, 2 ** 40] }));
  expect(await asked({ tenant: 'acme' })).toEqual({ backups: ['acme', 'ü', null, 2 ** 40] });
});

test('an answer of several messages’ size arrives whole', async () => {
  const findings = Array.from({ length: 30_000 }, (_, i) => ({
    code: 'T6',
    path: `_txn/${i}`,
    message: `the log names file ü${i}, which is not there`,
  }));
  answer(catalog, SUBJECT, () => findings);
  expect(JSON.stringify(findings).length).toBeGreaterThan(2 * 1024 ** 2);
  expect(await asked()).toEqual(findings);
});

test('no answer to give is null', async () => {
  answer(catalog, SUBJECT, () => undefined);
  expect(await asked()).toBeNull();
});

test('trace and request id go along', async () => {
  answer(catalog, SUBJECT, () => ({ trace: currentTrace(), requestId: currentWork().requestId }));
  await catalog.connection.flush();
  const trace = { ...newTrace(), tracestate: 'vendor=1' };
  const heard = await inContext({ trace, requestId: 'req ü' }, () => asked());
  expect(heard).toEqual({ requestId: 'req ü', trace: { ...trace, spanId: expect.not.stringMatching(trace.spanId) } });
  expect(await asked()).toMatchObject({ trace: { traceId: expect.stringMatching(/^[0-9a-f]{32}$/) } });
});

describe('errors', () => {
  test('of ours cross with code, message, status and details', async () => {
    failing(Object.assign(new Error('There is no backup b1.'), { code: 'backup.not_found', status: 404, details: { id: 'b1' } }));
    const error = await failureOf(asked());
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ code: 'backup.not_found', message: 'There is no backup b1.', status: 404, details: { id: 'b1' } });
    expect(lines).toEqual([]);
  });

  test('with a code and no status leave that to the table of codes, and are logged where they happened', async () => {
    failing(Object.assign(new Error('x'), { code: 'store.unavailable' }));
    expect(await failureOf(asked())).toMatchObject({ code: 'store.unavailable', status: undefined });
    await until(() => lines.length === 1);
  });

  test.each([
    ['a programming error', new TypeError('cannot read secret of undefined')],
    ['one of the database, with its own kind of code', Object.assign(new Error('relation secret does not exist'), { code: '42P01' })],
    ['one of Node', Object.assign(new Error('connect to secret'), { code: 'ECONNREFUSED' })],
    ['a thrown text', 'secret'],
  ])('that are none of ours tell nothing: %s', async (_, error) => {
    failing(error);
    const told = await failureOf(asked());
    expect(told).toMatchObject({ code: 'internal', status: 500, message: expect.stringContaining('catalog') });
    expect(String(told)).not.toContain('secret');
    await until(() => lines.some(({ level, fields }) => level === 'error' && fields['err'] === error));
  });

  test('nobody there', async () => expect(await failureOf(asked())).toBeInstanceOf(NoAnswer));

  test('too slow', async () => {
    answer(catalog, SUBJECT, () => pause(2_000));
    expect(await failureOf(asked())).toBeInstanceOf(AnswerTimeout);
  });

  test('a question that is not JSON', async () => {
    answer(catalog, SUBJECT, (body) => body);
    await catalog.connection.flush();
    const reply = await asker.connection.request(SUBJECT, 'not json');
    expect(reply.json()).toMatchObject({ code: 'bus.bad_message', status: 400 });
  });

  test('an answer beyond what a message can hold', async () => {
    const noise = randomBytes(2 * 1024 ** 2).toString('hex');
    answer(catalog, SUBJECT, () => noise);
    const error = await failureOf(asked());
    expect(error).toMatchObject({ code: 'bus.bad_message', message: expect.stringMatching(/Ask for less/) });
  });

  test('an answer that does not decompress', async () => {
    const packed = headers();
    packed.set('dr-encoding', 'zstd');
    catalog.connection.subscribe(SUBJECT, { callback: (_, message) => void message.respond('no zstd', { headers: packed }) });
    expect(await failureOf(asked())).toBeInstanceOf(BadMessage);
  });

  test('an answer that is not JSON', async () => {
    catalog.connection.subscribe(SUBJECT, { callback: (_, message) => void message.respond('<html>') });
    expect(await failureOf(asked())).toBeInstanceOf(BadMessage);
  });

  test('a connection that is gone', async () => {
    await asker.connection.close();
    expect(await failureOf(query(asker, SUBJECT))).toBeInstanceOf(BusUnavailable);
  });
});

test('instances of a service share the questions', async () => {
  const twin = await account.connect('catalog');
  const seen: string[] = [];
  answer(catalog, SUBJECT, () => seen.push('one'));
  answer(twin, SUBJECT, () => seen.push('two'));
  await twin.connection.flush();
  let questions = 0;
  await until(async () => {
    await asked();
    questions++;
    return new Set(seen).size === 2;
  });
  await pause(100);
  expect(seen).toHaveLength(questions);
});

test('more questions than may be in hand are refused at once', async () => {
  const gate = Promise.withResolvers<string>();
  answer(catalog, SUBJECT, () => gate.promise, { inHandMax: 2 });
  const first = [asked(), asked()];
  await pause(100);
  expect(await failureOf(asked())).toMatchObject({ code: new TooBusy('').code });
  gate.resolve('done');
  expect(await Promise.all(first)).toEqual(['done', 'done']);
});

test('stopping answers what is in hand and takes nothing more', async () => {
  const gate = Promise.withResolvers<string>();
  const stop = answer(catalog, SUBJECT, () => gate.promise);
  const inHand = asked();
  await pause(100);
  const stopped = stop();
  await pause(50);
  expect(await failureOf(asked())).toBeInstanceOf(NoAnswer);
  gate.resolve('still');
  await stopped;
  expect(await inHand).toBe('still');
});
