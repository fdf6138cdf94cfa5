import fc from 'fast-check';
import type { JsonSchema, OpenApiDocument, Operation } from '../../../services/gateway/src/openapi/openapi-document.ts';

export interface FuzzRequest {
  method: string;
  url: string;
  body: unknown;
}

/** Values that have broken programs before. */
const NASTY = fc.constantFrom(
  '',
  '\0',
  '..',
  '%',
  '💥',
  '\ud800',
  "'; DROP TABLE events; --",
  '__proto__',
  '9'.repeat(400),
  '-1',
  'null',
  '1e999',
  '‮',
);
const text = fc.oneof({ weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) }, { weight: 1, arbitrary: NASTY });

/** Requests of one operation: mostly what its schemas describe, sometimes anything, with ids of real things among the others. */
export function arbitraryRequest(
  document: OpenApiDocument,
  path: string,
  method: string,
  ids: readonly string[],
): fc.Arbitrary<FuzzRequest> {
  const { parameters, requestBody } = document.paths[path]![method] as Operation;
  const schemas = new SchemaArbitraries(document);
  const inPath = parameters.filter((p) => p.in === 'path').map(({ name }) => [name, pathPart(ids)] as const);
  const inQuery = parameters
    .filter((p) => p.in === 'query')
    .map(({ name, schema }) => [name, fc.option(schemas.loosely(schema), { nil: undefined })] as const);
  const body = requestBody ? schemas.loosely(requestBody.content['application/json']!.schema) : fc.constant(undefined);
  const odd = fc.option(fc.tuple(fc.string({ minLength: 1, maxLength: 8 }), text), { freq: 8, nil: undefined });
  return fc
    .tuple(fc.record(Object.fromEntries(inPath)), fc.record(Object.fromEntries(inQuery)), odd, fc.option(body, { freq: 9, nil: undefined }))
    .map(([params, query, extra, chosen]) => ({
      method: method.toUpperCase(),
      url: fill(path, params as Record<string, string>) + queryOf({ ...query, ...(extra && { [extra[0]]: extra[1] }) }),
      body: requestBody ? chosen : undefined,
    }));
}

/** '.' and '..' are resolved by every client before anything is sent. */
const pathPart = (ids: readonly string[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...ids) }, { weight: 2, arbitrary: text.filter((t) => !['', '.', '..'].includes(t)) });

const fill = (path: string, params: Record<string, string>): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(params[name]!));

function queryOf(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${encoded(name)}=${encoded(typeof value === 'string' ? value : JSON.stringify(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** Half a surrogate pair has no UTF-8; what a broken client would send instead stands for it. */
const encoded = (value: string): string => (value.isWellFormed() ? encodeURIComponent(value) : '%ED%A0%80');

class SchemaArbitraries {
  private readonly document: OpenApiDocument;

  constructor(document: OpenApiDocument) {
    this.document = document;
  }

  /** One in five is something else altogether. */
  loosely(schema: JsonSchema): fc.Arbitrary<unknown> {
    return fc.oneof({ weight: 4, arbitrary: this.of(schema) }, { weight: 1, arbitrary: fc.oneof(fc.jsonValue({ maxDepth: 3 }), text) });
  }

  private of(schema: JsonSchema): fc.Arbitrary<unknown> {
    const reference = /^#\/components\/schemas\/(.+)$/.exec(String(schema['$ref'] ?? ''))?.[1];
    if (reference) return this.of(this.document.components.schemas[reference]!);
    const choices = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined;
    if (choices) return fc.oneof(...choices.map((choice) => this.of(choice)));
    if (schema['enum']) return fc.constantFrom(...(schema['enum'] as unknown[]));
    if ('const' in schema) return fc.constant(schema['const']);
    return this.ofType(schema);
  }

  private ofType(schema: JsonSchema): fc.Arbitrary<unknown> {
    switch (schema['type']) {
      case 'object':
        return this.object(schema);
      case 'array':
        return fc.array(this.loosely((schema['items'] as JsonSchema | undefined) ?? {}), { maxLength: 4 });
      case 'integer':
      case 'number':
        return fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -1, 1, 1000, 1001, 2 ** 53));
      case 'boolean':
        return fc.boolean();
      case 'string':
        return fc.oneof(text, this.formatted(schema['format'], schema['pattern']));
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  }

  private object({ properties = {}, required = [], additionalProperties }: JsonSchema): fc.Arbitrary<unknown> {
    const fields = Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => [name, this.loosely(schema)] as const);
    const known = fc.record(Object.fromEntries(fields), { requiredKeys: required as string[] });
    if (additionalProperties === false || additionalProperties === undefined) return known;
    const others = fc.dictionary(text, this.loosely(additionalProperties === true ? {} : (additionalProperties as JsonSchema)), {
      maxKeys: 4,
    });
    return fc.tuple(others, known).map(([more, given]) => ({ ...more, ...given }));
  }

  private formatted(format: unknown, pattern: unknown): fc.Arbitrary<unknown> {
    if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((d) => d.toISOString());
    if (format === 'uuid') return fc.uuid();
    return typeof pattern === 'string' ? fc.constantFrom('a', 'backup', '0') : fc.constantFrom('acme', 'rival', 'a', 'latest');
  }
}
