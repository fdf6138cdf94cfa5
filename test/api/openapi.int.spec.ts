/** The OpenAPI document says what the gateway does, no more and no less: its routes, its replies, its refusals. */
import { declarations } from '../../services/gateway/src/gateway.module.ts';
import { fullPath, type OpenApiDocument } from '../../services/gateway/src/openapi/openapi-document.ts';
import { Documented } from './support/documented.ts';
import { TestGateway } from './support/test-gateway.ts';

let gateway: TestGateway;
let document: OpenApiDocument;

beforeAll(async () => {
  gateway = await TestGateway.start();
  document = (await gateway.ask<OpenApiDocument>('GET', '/api/v1/openapi.json')).body;
}, 60_000);

afterAll(() => gateway.close());

/** HEAD goes with every GET by itself. */
const real = () => gateway.routes.filter((r) => r.method !== 'HEAD').map((r) => `${r.method} ${r.url.replaceAll(/:(\w+)/g, '{$1}')}`);
const documented = () =>
  Object.entries(document.paths).flatMap(([path, verbs]) => Object.keys(verbs).map((v) => `${v.toUpperCase()} ${path}`));

test('every route of the server is documented, and every documented route is there', () => {
  expect(documented().length).toBeGreaterThan(8);
  expect(documented().sort()).toEqual(real().sort());
});

test('the document is served without a key, in OpenAPI 3.1, with every reference resolved', () => {
  expect(document.openapi).toBe('3.1.1');
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((m) => m[1]!);
  expect(references.length).toBeGreaterThan(10);
  for (const reference of new Set(references)) {
    const [, name] = /^#\/components\/schemas\/(\w+)$/.exec(reference) ?? [reference];
    expect([reference, document.components.schemas[name!]]).toEqual([reference, expect.anything()]);
  }
  expect(() =>
    new Documented(document).problemsOf('GET', '/api/v1/backups', { status: 200, type: 'application/json', body: {} }),
  ).not.toThrow();
});

test('ids of operations are unique, and each names its scope or that it needs none', () => {
  const operations = Object.values(document.paths).flatMap((verbs) => Object.values(verbs));
  expect(new Set(operations.map((o) => o.operationId)).size).toBe(operations.length);
  for (const operation of operations) expect(operation['x-scope'] === undefined).toBe(JSON.stringify(operation['security']) === '[]');
});

test('what validates is what is documented: parameters and bodies come from the schemas of the declarations', () => {
  const { parameters, requestBody } = document.paths['/api/v1/backups']!['get']!;
  expect(requestBody).toBeUndefined();
  const limit = parameters.find((p) => p.name === 'limit');
  expect(limit).toMatchObject({ in: 'query', required: false, schema: { minimum: 1, maximum: 1000, default: 50 } });
  const body = document.paths['/api/v1/backups']!['post']!.requestBody!.content['application/json']!.schema;
  expect(body).toMatchObject({ additionalProperties: false, properties: { type: { default: 'full' } } });
  expect(body['required']).toBeUndefined();
});

test('path parameters of every declaration are described', () => {
  for (const declaration of declarations) {
    const named = [...declaration.path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!);
    expect([fullPath(declaration), Object.keys(declaration.params?.shape ?? {}).sort()]).toEqual([fullPath(declaration), named.sort()]);
  }
});

test('/docs is one page that loads nothing from anywhere and runs no script', async () => {
  const { status, headers, text } = await gateway.ask('GET', '/docs');
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).not.toMatch(/<script|src=|@import|url\(|https?:\/\//);
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  for (const path of Object.keys(document.paths)) expect(text).toContain(`<code>${path}</code>`);
});
