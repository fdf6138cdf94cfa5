import { randomUUID } from 'node:crypto';
import type { House } from '@dr/service';
import { inContext, newTrace, parseTraceparent } from '@dr/telemetry';
import { RequestMethod } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { declarations } from '../gateway.module.ts';
import { ProblemFilter, problemFor, sendProblem } from './problem.filter.ts';
import { validationPipe } from './validation.ts';

const BODY_BYTES_MAX = 1024 * 1024;

/** Fastify under Nest: request ids, trace context, problem+json for everything, Fastify's own errors included. */
export async function createServer(house: House, module: Parameters<typeof NestFactory.create>[0]): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, problemFor(error, request, house.log)),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: false, bodyParser: false });
  prepare(adapter.getInstance() as unknown as FastifyInstance);
  const exclude = declarations.filter((d) => d.atRoot).map(({ path, method }) => ({ path: path.slice(1), method: RequestMethod[method] }));
  app.setGlobalPrefix('api/v1', { exclude });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(house.log));
  return app;
}

function prepare(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, next) => {
    void reply.header('X-Request-Id', String(request.id));
    inContext({ requestId: String(request.id), trace: traceOf(request) }, next);
  });
  tolerateEmptyJson(fastify);
}

const traceOf = ({ headers }: FastifyRequest) =>
  parseTraceparent(headers['traceparent'] as string | undefined, headers['tracestate'] as string | undefined) ?? newTrace();

/** A DELETE or POST with a JSON content type and no body is a request without a body, not a malformed one. */
function tolerateEmptyJson(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    parse(request, body as string, done);
  });
}
