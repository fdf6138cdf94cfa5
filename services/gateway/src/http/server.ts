import { randomUUID } from 'node:crypto';
import type { House } from '@dr/service';
import { inContext, newTrace, parseTraceparent } from '@dr/telemetry';
import { RequestMethod } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { declarations } from '../gateway.module.ts';
import { KnownRoutes } from './known-routes.ts';
import { answerMalformed } from './malformed-request.ts';
import { ProblemFilter, problemFor, sendProblem } from './problem.filter.ts';
import { readBodies } from './read-bodies.ts';
import { validationPipe } from './validation.ts';

const BODY_BYTES_MAX = 1024 * 1024;
/** For a request to arrive; a reply may take as long as it takes. */
const ARRIVAL_MS_MAX = 60_000;

/** Fastify under Nest: request ids, trace context, problem+json for everything, Fastify's own errors included. */
export async function createServer(house: House, module: Parameters<typeof NestFactory.create>[0]): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: ARRIVAL_MS_MAX,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, problemFor(error, request, house.log)),
    clientErrorHandler: (error, socket) => answerMalformed(error, socket, randomUUID),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: false, bodyParser: false });
  const known = new KnownRoutes();
  prepare(adapter.getInstance() as unknown as FastifyInstance, known);
  const exclude = declarations.filter((d) => d.atRoot).map(({ path, method }) => ({ path: path.slice(1), method: RequestMethod[method] }));
  app.setGlobalPrefix('api/v1', { exclude });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(house.log, known));
  return app;
}

function prepare(fastify: FastifyInstance, known: KnownRoutes): void {
  fastify.addHook('onRoute', (added) => known.add(added));
  fastify.addHook('onRequest', (request, reply, next) => {
    void reply.header('X-Request-Id', String(request.id));
    inContext({ requestId: String(request.id), trace: traceOf(request) }, next);
  });
  readBodies(fastify);
}

const traceOf = ({ headers }: FastifyRequest) =>
  parseTraceparent(headers['traceparent'] as string | undefined, headers['tracestate'] as string | undefined) ?? newTrace();
