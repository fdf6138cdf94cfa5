import { NotFoundException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { statusOf } from './error-status.ts';
import { KnownRoutes } from './known-routes.ts';
import { ProblemFilter, problemFor } from './problem.filter.ts';
import { HttpProblem, notFound } from './problem.ts';
import { validationPipe } from './validation.ts';

const logged: unknown[] = [];
const log = { error: (fields: unknown) => logged.push(fields) } as unknown as Parameters<typeof problemFor>[2];
const request = { url: '/api/v1/x', id: 'r-1' } as FastifyRequest;
const told = (error: unknown) => {
  const { status, code, detail } = problemFor(error, request, log);
  return { status, code, detail };
};
const coded = (code: string, more: object = {}) => Object.assign(new Error('what went wrong'), { code, ...more });

beforeEach(() => logged.splice(0));

test.each([
  ['auth.unauthenticated', 401],
  ['auth.scope_missing', 403],
  ['backup.nothing_selected', 422],
  ['backup.unknown_dataset', 404],
  ['backup.too_many_datasets', 422],
  ['restore.mapping_conflict', 422],
  ['restore.target_exists', 409],
  ['restore.target_inside_dataset', 409],
  ['restore.target_above_datasets', 409],
  ['wrong_state.backup_ended', 409],
  ['api_key.beyond_own_grant', 403],
  ['api_key.last_admin', 409],
  ['request.bad_cursor', 400],
  ['jobs.too_many_operations', 429],
  ['bus.no_answer', 503],
  ['bus.busy', 429],
  ['bus.timeout', 503],
  ['catalog.database_away', 503],
  ['store.unavailable', 503],
  ['repository.damaged', 500],
  ['nobody.knows', 500],
])('%s is %i', (code, status) => expect(statusOf(code)).toBe(status));

test('our own errors keep their code and words; a status that they carry counts for codes that the table does not know', () => {
  expect(told(coded('wrong_state.backup_ended'))).toEqual({ status: 409, code: 'wrong_state.backup_ended', detail: 'what went wrong' });
  expect(told(coded('remote.anything', { status: 418 }))).toEqual({ status: 418, code: 'remote.anything', detail: 'what went wrong' });
  expect(told(coded('store.unavailable', { status: 500 }))).toMatchObject({ status: 503 });
  expect(told(notFound('backup', 'b'))).toMatchObject({ status: 404, code: 'backup.not_found' });
  expect(told(new HttpProblem(501, 'x.not_built', 'later'))).toEqual({ status: 501, code: 'x.not_built', detail: 'later' });
});

test('an error that says when to come back gives Retry-After', () => {
  const headers: Record<string, string> = {};
  const reply = {
    status: () => reply,
    headers: (given: object) => Object.assign(headers, given) && reply,
    type: () => reply,
    send: () => reply,
  };
  const http = { getRequest: () => request, getResponse: () => reply };
  const host = { switchToHttp: () => http } as never;
  new ProblemFilter(log, new KnownRoutes()).catch(coded('jobs.too_many_operations', { retryAfterSeconds: 5 }), host);
  expect(headers).toMatchObject({ 'Retry-After': '5', 'X-Request-Id': 'r-1' });
});

test("Nest's and Fastify's errors have our shape", () => {
  expect(told(new NotFoundException('Cannot GET /x'))).toMatchObject({ status: 404, code: 'route.not_found' });
  expect(told(coded('FST_ERR_CTP_BODY_TOO_LARGE', { statusCode: 413 }))).toMatchObject({ status: 413, code: 'request.too_large' });
});

test.each([new Error('password=hunter2'), coded('ENOENT'), coded('FST_ODD'), 'a string', undefined])(
  'what nobody expected (%#) is logged and told without its text',
  (error) => {
    const problem = told(error);
    expect(problem).toMatchObject({ status: 500, code: 'internal' });
    expect(problem.detail).not.toContain('hunter2');
    expect(problem.detail).toContain('r-1');
    expect(logged.length).toBe(1);
  },
);

test('a problem names the request that it answers', () => {
  expect(problemFor(new Error(), request, log)).toMatchObject({ instance: '/api/v1/x', request_id: 'r-1', title: 'Internal Server Error' });
});

test('validation names every wrong field at once, unknown ones too', async () => {
  const schema = z.strictObject({ ids: z.array(z.string()), n: z.number() });
  const pipe = validationPipe();
  const checked = pipe.transform({ ids: ['a', 5], n: 'x', odd: 1 }, { type: 'body', schema } as never);
  const error = await checked.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(HttpProblem);
  expect((error as HttpProblem).errors?.map((e) => e.pointer).sort()).toEqual(['/ids/1', '/n', '/odd']);
});

test.each([
  ['the connection ended', new Error('Connection terminated unexpectedly')],
  ['nobody listens', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ['it starts', Object.assign(new Error('the database system is starting up'), { code: '57P03' })],
  ['it was told to stop', Object.assign(new Error('terminating connection'), { code: '57P01' })],
])('a database that is away is 503 and says how to repeat: %s', (_, error) => {
  expect(told(error)).toEqual({ status: 503, code: 'database.unavailable', detail: expect.stringContaining('Idempotency-Key') });
  expect(logged).toHaveLength(1);
});
