import { isTransient } from '@dr/event-store';
import type { Logger } from '@dr/telemetry';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, NotFoundException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { statusOf } from './error-status.ts';
import type { KnownRoutes } from './known-routes.ts';
import { HttpProblem, type Problem, problemBody } from './problem.ts';

/** Turns whatever a route threw into problem+json. What we did not expect is logged and told as 500 without its text. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Logger,
    private readonly known: KnownRoutes,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = thrown instanceof NotFoundException ? unrouted(request, this.known) : thrown;
    const problem = problemFor(error, request, this.log);
    sendProblem(reply, problem, { ...retryAfter(problem.status), ...headersOf(error) });
  }
}

function headersOf(error: unknown): Record<string, string> {
  if (error instanceof HttpProblem) return error.headers;
  const { retryAfterSeconds } = Object(error) as { retryAfterSeconds?: unknown };
  return typeof retryAfterSeconds === 'number' ? { 'Retry-After': String(retryAfterSeconds) } : {};
}

/** Only Nest's router throws NotFoundException: there is no such path, or it has other methods. */
function unrouted({ method, url }: FastifyRequest, known: KnownRoutes): HttpProblem {
  const methods = known.methodsOf(url);
  if (methods.length === 0) return new HttpProblem(404, 'route.not_found', 'There is nothing at this path. GET /docs lists what there is.');
  const allow = methods.join(', ');
  return new HttpProblem(405, 'request.method_not_allowed', `${method} is not possible here; ${allow} is.`, { headers: { Allow: allow } });
}

/** Of what goes away by itself; an error that knows better says so in its own headers. */
const retryAfter = (status: number): Record<string, string> => (status === 429 || status === 503 ? { 'Retry-After': '5' } : {});

export function sendProblem(reply: FastifyReply, problem: Problem, headers: Record<string, string> = {}): void {
  void reply
    .status(problem.status)
    .headers({ 'X-Request-Id': problem.request_id, ...headers })
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}

export function problemFor(error: unknown, request: FastifyRequest, log: Logger): Problem {
  const at = { instance: request.url, requestId: String(request.id) };
  if (error instanceof HttpProblem) return withErrors(problemBody(error.status, error.code, error.message, at), error);
  if (error instanceof HttpException) return problemBody(error.getStatus(), codeOfStatus(error.getStatus()), error.message, at);
  return fromCodedError(error, at, log);
}

function withErrors(problem: Problem, error: HttpProblem): Problem {
  return error.errors ? { ...problem, errors: error.errors } : problem;
}

/** Our own typed errors carry a string code, some their status; Fastify's carry `FST_…`. Anything else is a fault of ours. */
function fromCodedError(error: unknown, at: { instance: string; requestId: string }, log: Logger): Problem {
  const {
    code,
    message = '',
    status,
    statusCode,
  } = Object(error) as { code?: unknown; message?: string; status?: unknown; statusCode?: unknown };
  if (isTransient(Object(error))) return databaseAway(error, at, log);
  if (typeof code !== 'string' || !/^[a-z_]+\.|^FST_/.test(code)) return unexpected(error, at, log);
  if (code.startsWith('FST_'))
    return typeof statusCode === 'number' ? problemBody(statusCode, codeOfStatus(statusCode), message, at) : unexpected(error, at, log);
  const answer = statusOf(code, typeof status === 'number' ? status : undefined);
  if (answer > 500) log.error({ err: error, request_id: at.requestId }, 'request failed');
  return answer === 500 ? unexpected(error, at, log) : problemBody(answer, code, message, at);
}

/** PostgreSQL is starting, was killed, or gave up on a lock: nothing is wrong with the request. Whether it took effect is not known here. */
function databaseAway(error: unknown, at: { instance: string; requestId: string }, log: Logger): Problem {
  log.error({ err: error, request_id: at.requestId }, 'the database did not answer');
  const detail =
    'The database cannot be reached at the moment, so it is not known whether this took effect. Repeat it under its Idempotency-Key.';
  return problemBody(503, 'database.unavailable', detail, at);
}

function unexpected(error: unknown, at: { instance: string; requestId: string }, log: Logger): Problem {
  log.error({ err: error, request_id: at.requestId }, 'request failed unexpectedly');
  return problemBody(500, 'internal', `Something unexpected went wrong; the log has it under request ${at.requestId}.`, at);
}

const CODES: Record<number, string> = {
  400: 'request.invalid',
  404: 'route.not_found',
  405: 'request.method_not_allowed',
  413: 'request.too_large',
  414: 'request.uri_too_long',
  415: 'request.media_type',
  429: 'request.too_many',
};

const codeOfStatus = (status: number): string => CODES[status] ?? `http.${status}`;
