/** Every error is problem+json with a request id, whoever raised it: the socket, Fastify, Nest, a schema, a handler. None shows what is inside. */
import { type AddressInfo, connect } from 'node:net';
import { Documented } from './support/documented.ts';
import { type Answer, type Ask, TestGateway } from './support/test-gateway.ts';

interface Problem {
  status: number;
  code: string;
  detail: string;
  request_id: string;
  errors?: { in: string; pointer: string; message: string }[];
}

let gateway: TestGateway;
let documented: Documented;
let key: string;
let port: number;

beforeAll(async () => {
  gateway = await TestGateway.start();
  documented = new Documented((await gateway.ask('GET', '/api/v1/openapi.json')).body as never);
  key = await gateway.key();
  await gateway.app.listen(0, '127.0.0.1');
  port = (gateway.app.getHttpServer().address() as AddressInfo).port;
}, 60_000);

afterAll(() => gateway.close());

const backups = '/api/v1/backups';
const verify = `${backups}/none/verify`;
const json = { 'content-type': 'application/json' };

function expectProblem(method: string, url: string, answer: Answer<Problem>, status: number, code: string): void {
  expect([answer.status, answer.body?.code, answer.text]).toEqual([status, code, expect.any(String)]);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers['x-request-id']).toBe(answer.body.request_id);
  expect(answer.body.request_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.text).not.toMatch(/\bat \/|node_modules|\.ts:\d|SELECT|FST_|stack/);
  const reply = { status: answer.status, type: String(answer.headers['content-type']), body: answer.body };
  expect(documented.problemsOf(method, url, reply)).toEqual([]);
}

test.each<[string, string, string, Ask, number, string]>([
  ['a URL that cannot be decoded', 'GET', `${backups}/%zz`, {}, 400, 'request.invalid'],
  ['a path parameter of 10,000 characters', 'GET', `${backups}/${'x'.repeat(10_000)}`, {}, 414, 'request.uri_too_long'],
  ['a NUL in the path', 'GET', `${backups}/a%00b`, {}, 400, 'request.invalid'],
  ['a NUL in the query', 'GET', `${backups}?dataset_id=%00`, {}, 400, 'request.invalid'],
  ['a NUL in the body', 'POST', backups, { body: { description: 'a\0b' } }, 400, 'request.invalid'],
  ['half a surrogate pair', 'POST', backups, { body: '{"description":"\\ud800"}' }, 400, 'request.invalid'],
  ['a body nested beyond sense', 'POST', backups, { body: `{"metadata":${'['.repeat(5000)}${']'.repeat(5000)}}` }, 400, 'request.invalid'],
  ['a body of 10 MB', 'POST', backups, { body: { description: 'x'.repeat(10_000_000) } }, 413, 'request.too_large'],
  ['malformed JSON', 'POST', backups, { body: '{"type":' }, 400, 'request.invalid'],
  ['JSON that is no object', 'POST', backups, { body: '[]' }, 400, 'request.invalid'],
  ['null as a body', 'POST', backups, { body: 'null' }, 400, 'request.invalid'],
  ['a key that would change prototypes', 'POST', backups, { body: '{"__proto__":{"x":1}}' }, 400, 'request.invalid'],
  ['text', 'POST', backups, { body: 'full', headers: { 'content-type': 'text/plain' } }, 415, 'request.media_type'],
  ['a form', 'POST', backups, { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'request.media_type'],
  ['a content type that is none', 'POST', backups, { body: '{}', headers: { 'content-type': '???' } }, 415, 'request.media_type'],
  ['an unknown field', 'POST', backups, { body: { dataset_id: 'a' } }, 400, 'request.invalid'],
  ['a wrong type', 'POST', backups, { body: { dataset_ids: 'a' } }, 400, 'request.invalid'],
  ['an unknown query parameter', 'GET', `${backups}?tenant=a`, {}, 400, 'request.invalid'],
  ['a query where there is none', 'GET', `${backups}/none?x=1`, {}, 400, 'request.invalid'],
  ['a parameter given twice', 'GET', `${backups}?limit=1&limit=2`, {}, 400, 'request.invalid'],
  ['a body where there is none', 'GET', `${backups}/none`, { body: { x: 1 }, headers: json }, 404, 'backup.not_found'],
  ['an unknown path', 'GET', '/api/v1/nothing', {}, 404, 'route.not_found'],
  ['an unknown path at the root', 'POST', '/', {}, 404, 'route.not_found'],
  ['a wrong method', 'PUT', backups, {}, 405, 'request.method_not_allowed'],
  ['a method of WebDAV', 'PROPFIND', backups, {}, 405, 'request.method_not_allowed'],
  ['a wrong method below the root', 'DELETE', '/health/live', {}, 405, 'request.method_not_allowed'],
])('%s', async (_, method, url, ask, status, code) => {
  expectProblem(method, url, await gateway.ask<Problem>(method, url, { key, ...ask }), status, code);
});

test('a wrong method is told which ones there are', async () => {
  expect((await gateway.ask('PATCH', backups, { key })).headers['allow']).toBe('GET, HEAD, POST');
  expect((await gateway.ask('GET', verify, { key })).headers['allow']).toBe('POST');
});

test('every wrong field is named, by where it stands and its pointer', async () => {
  const body = { type: 'huge', dataset_ids: ['a', 5], 'a/b~c': 1, metadata: [] };
  const { body: problem } = await gateway.ask<Problem>('POST', backups, { key, body });
  expect(problem.errors?.map((e) => `${e.in} ${e.pointer}`).sort()).toEqual([
    'body /a~1b~0c',
    'body /dataset_ids/1',
    'body /metadata',
    'body /type',
  ]);
  const { body: other } = await gateway.ask<Problem>('GET', `${backups}?limit=0&since=yesterday`, { key });
  expect(other.errors?.map((e) => `${e.in} ${e.pointer}`).sort()).toEqual(['query /limit', 'query /since']);
});

test('a thousand wrong fields are counted, and a hundred of them named', async () => {
  const body = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i}`, i]));
  const { body: problem } = await gateway.ask<Problem>('POST', backups, { key, body });
  expect(problem.detail).toContain('1000');
  expect(problem.errors?.length).toBe(100);
});

test.each([
  ['JSON', 'application/json'],
  ['JSON in UTF-8', 'application/json; charset=utf-8'],
  ['no type', undefined],
  ['another type', 'text/plain'],
])('a POST with %s and no body is a request without a body', async (_, type) => {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
  expectProblem('POST', verify, await gateway.ask<Problem>('POST', verify, { key, headers }), 404, 'backup.not_found');
});

test('every reply carries a request id of its own, good ones too', async () => {
  const ids = await Promise.all(
    ['/health/live', '/docs', backups].map(async (url) => (await gateway.ask('GET', url, { key })).headers['x-request-id']),
  );
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
});

test('what nobody expected is 500 without its words', async () => {
  const { database } = gateway.house;
  await gateway.house.owner.query('ALTER TABLE catalog_backups RENAME TO away');
  const answer = await gateway.ask<Problem>('GET', backups, { key });
  await gateway.house.owner.query('ALTER TABLE away RENAME TO catalog_backups');
  expectProblem('GET', backups, answer, 500, 'internal');
  expect(answer.text).not.toContain('catalog_backups');
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

describe('on the wire', () => {
  test('headers of 100 KB', async () => {
    const reply = await raw(`GET ${backups} HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(100_000)}\r\n\r\n`);
    expectRaw(reply, 431, 'request.headers_too_large');
  });

  test('something that is not HTTP', async () => {
    expectRaw(await raw('\x16\x03\x01 hello\r\n\r\n'), 400, 'request.malformed');
  });

  test('a body of 10 MB that is on its way already', async () => {
    const reply = await fetch(`http://127.0.0.1:${port}${backups}`, {
      method: 'POST',
      headers: { ...json, authorization: `ApiKey ${key}` },
      body: JSON.stringify({ description: 'x'.repeat(10_000_000) }),
    });
    expect([reply.status, reply.headers.get('content-type')]).toEqual([413, 'application/problem+json; charset=utf-8']);
  });
});

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (bytes) => (received += String(bytes)));
    socket.on('close', () => resolve(received));
    socket.on('error', (error) => (received === '' ? reject(error) : resolve(received)));
  });
}

function expectRaw(reply: string, status: number, code: string): void {
  const [head, body] = reply.split('\r\n\r\n') as [string, string];
  const problem = JSON.parse(body) as Problem;
  expect([head.split('\r\n')[0]!.split(' ')[1], problem.code]).toEqual([String(status), code]);
  expect(head).toContain('Content-Type: application/problem+json');
  expect(head).toContain(`X-Request-Id: ${problem.request_id}`);
}
