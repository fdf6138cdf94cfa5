/**
 * Whatever is sent, the gateway knows an answer: no generated request is a 500, and every reply is as documented. DR_FUZZ_RUNS requests per
 * operation (npm run test:long: 500); the seed is printed, DR_FUZZ_SEED sets it; a failure prints the smallest request.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { declarations } from '../../services/gateway/src/gateway.module.ts';
import { fullPath, type OpenApiDocument } from '../../services/gateway/src/openapi/openapi-document.ts';
import { arbitraryRequest, type FuzzRequest } from './support/arbitrary-request.ts';
import { Documented } from './support/documented.ts';
import { TestGateway } from './support/test-gateway.ts';

const RUNS = Number(process.env['DR_FUZZ_RUNS'] ?? 15);
const SEED = Number(process.env['DR_FUZZ_SEED'] ?? randomInt(2 ** 31));

let gateway: TestGateway;
let document: OpenApiDocument;
let documented: Documented;
let keys: string[];
let ids: string[];
let base: string;

beforeAll(async () => {
  process.stderr.write(`fuzz seed ${SEED}, ${RUNS} requests per operation\n`);
  gateway = await TestGateway.start();
  mkdirSync(join(gateway.house.sourceRoot, 'acme', 'a'), { recursive: true });
  writeFileSync(join(gateway.house.sourceRoot, 'acme', 'a', 'meta.json'), '{}');
  document = (await gateway.ask<OpenApiDocument>('GET', '/api/v1/openapi.json')).body;
  documented = new Documented(document);
  keys = [await gateway.key(), await gateway.key({ tenant: 'acme' })];
  const backup = await gateway.backup('acme');
  const { restore, verification, apiKey } = await gateway.operationsOn(backup, 'acme');
  ids = [backup, restore, verification, apiKey, 'latest', 'backup_20200101_000000_00000000'];
  await gateway.settled();
  base = await gateway.listen();
}, 60_000);

afterAll(() => gateway.close());

/** A stream that was accepted goes on for ever: its head is enough. */
async function statusOfStream({ url }: FuzzRequest, key: string): Promise<number> {
  const stop = new AbortController();
  const { status } = await fetch(base + url, { headers: { authorization: `ApiKey ${key}` }, signal: stop.signal });
  stop.abort();
  return status;
}

async function check(request: FuzzRequest, key: string): Promise<void> {
  const { method, url, body } = request;
  if (url.startsWith('/api/v1/events')) return expect([request, await statusOfStream(request, key)]).not.toEqual([request, 500]);
  const answer = await gateway.ask(method, url, { key, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  expect([request, answer.status, answer.status === 500 ? gateway.house.lines.slice(-1) : undefined]).not.toEqual([
    request,
    500,
    expect.anything(),
  ]);
  const type = String(answer.headers['content-type'] ?? '');
  if (type.startsWith('text/html')) return;
  expect([request, documented.problemsOf(method, url, { status: answer.status, type, body: answer.body })]).toEqual([request, []]);
}

const operations = declarations.map((d) => [d.method, fullPath(d)] as const);

test.each(operations)(
  '%s %s',
  async (method, path) => {
    const requests = arbitraryRequest(document, path, method.toLowerCase(), ids);
    await fc.assert(
      fc.asyncProperty(requests, fc.constantFrom(...keys), (request, key) => check(request, key)),
      { seed: SEED, numRuns: RUNS, endOnFailure: RUNS > 100 },
    );
  },
  600_000,
);
