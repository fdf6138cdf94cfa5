import * as z from 'zod';
import type { DeclaredReply, RouteDeclaration } from '../http/route.ts';
import { problemResource } from '../resources/problem.ts';

/** Of the interface, not of the product: raised when a client could notice. */
const API_VERSION = '1.0.0';
const PREFIX = '/api/v1';

export type JsonSchema = { [name: string]: unknown };

export interface OpenApiDocument {
  openapi: '3.1.1';
  info: object;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: object };
}

export interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: JsonSchema }[];
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { description: string; headers?: object; content?: Record<string, { schema: JsonSchema }> }>;
  [more: string]: unknown;
}

/** The document of these routes, made of the very schemas that read requests. */
export function openApiDocument(declarations: readonly RouteDeclaration[]): OpenApiDocument {
  const schemas = new SchemaBook();
  const paths: OpenApiDocument['paths'] = {};
  for (const declaration of declarations) {
    const path = fullPath(declaration);
    paths[path] = { ...paths[path], [declaration.method.toLowerCase()]: operationOf(declaration, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tributary DR',
      version: API_VERSION,
      description: 'Disaster recovery for Deep Lake data sets. Every error is `application/problem+json` (RFC 9457).',
    },
    paths,
    components: { schemas: schemas.named, securitySchemes: SECURITY },
  };
}

export const fullPath = ({ path, atRoot }: RouteDeclaration): string => (atRoot ? path : PREFIX + path);

const SECURITY = {
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '`Authorization: ApiKey <key>`. Each operation names the scope that its key needs (`x-scope`).',
  },
  apiKeyPlain: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The key alone.' },
};

function operationOf(declaration: RouteDeclaration, schemas: SchemaBook): Operation {
  const { tag, summary, description, scope, body } = declaration;
  return {
    operationId: operationId(declaration),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(scope === undefined ? { security: [] } : { security: [{ apiKey: [] }, { apiKeyPlain: [] }], 'x-scope': scope }),
    parameters: parametersOf(declaration, schemas),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(body, schemas) }),
    responses: responsesOf(declaration, schemas),
  };
}

/** `POST /backups/{id}/verify` → `postBackupsIdVerify`. */
const operationId = ({ method, path }: RouteDeclaration): string =>
  method.toLowerCase() + path.replaceAll(/[^A-Za-z0-9]+(\w)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '');

function parametersOf({ params, query, headers }: RouteDeclaration, schemas: SchemaBook): Operation['parameters'] {
  const listed = ([where, shape]: readonly [string, z.ZodObject | undefined]) =>
    Object.entries(shape?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: where,
      required: where === 'path' || !schema.safeParse(undefined).success,
      schema: schemas.of(schema as z.ZodType, 'input'),
    }));
  return (
    [
      ['path', params],
      ['query', query],
      ['header', headers],
    ] as const
  ).flatMap(listed);
}

function requestBodyOf(body: z.ZodType, schemas: SchemaBook): NonNullable<Operation['requestBody']> {
  return { required: !body.safeParse({}).success, content: { 'application/json': { schema: schemas.of(body, 'input') } } };
}

function responsesOf(declaration: RouteDeclaration, schemas: SchemaBook): Operation['responses'] {
  const replies = Object.entries(declaration.replies).map(([status, reply]) => [status, responseOf(reply, schemas)] as const);
  const problems = Object.entries({ ...usualProblems(declaration), ...declaration.problems });
  const content = { 'application/problem+json': { schema: schemas.of(problemResource, 'output') } };
  const told = problems.map(([status, description]) => [status, { description: description!, headers: REQUEST_ID, content }] as const);
  const other = { description: 'Any other problem.', headers: REQUEST_ID, content };
  return { ...Object.fromEntries(told), ...Object.fromEntries(replies), default: other };
}

/** What can be told of any route like this one. */
function usualProblems({ scope, body, params, query }: RouteDeclaration): Partial<Record<number, string>> {
  return {
    ...(params || query || body ? { 400: 'The request is not as it must be; `errors` names each field.' } : {}),
    ...(scope === undefined
      ? {}
      : { 401: 'No key, or one that is unknown, revoked or expired.', 403: `The key lacks the scope ${scope}.` }),
    ...(body === undefined ? {} : { 413: 'The body is larger than 1 MiB.', 415: 'The body is not JSON.' }),
    429: 'Too many requests; Retry-After says when to try again.',
    503: 'A part of the house does not answer; try again.',
  };
}

const header = (description: string) => ({ description, schema: { type: 'string' } });
const REQUEST_ID = { 'X-Request-Id': header('Names this request in the logs.') };

function responseOf(
  { description, schema, contentType = 'application/json', alsoAsStream, headers = {} }: DeclaredReply,
  schemas: SchemaBook,
) {
  const more = Object.fromEntries(Object.entries(headers).map(([name, tells]) => [name, header(tells)]));
  const content = {
    [contentType]: { schema: schema === undefined ? {} : schemas.of(schema, 'output') },
    ...(alsoAsStream ? { 'text/event-stream': { schema: {} } } : {}),
  };
  return { description, headers: { ...REQUEST_ID, ...more }, content };
}

/** JSON Schemas of zod's. Those with an id become components, and are referred to. */
class SchemaBook {
  readonly named: Record<string, JsonSchema> = {};

  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const { $schema: _, $defs = {}, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
    for (const [name, definition] of Object.entries($defs as Record<string, JsonSchema>)) this.keep(name, definition);
    const { id } = json;
    return typeof id === 'string' ? this.keep(id, json) : (referring(json) as JsonSchema);
  }

  private keep(name: string, { id: _, ...definition }: JsonSchema): JsonSchema {
    this.named[name] ??= referring(definition) as JsonSchema;
    return { $ref: `#/components/schemas/${name}` };
  }
}

function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', '#/components/schemas/') : referring(inner),
    ]),
  );
}
