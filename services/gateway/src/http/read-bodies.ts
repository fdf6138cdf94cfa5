import type { FastifyInstance } from 'fastify';
import { HttpProblem } from './problem.ts';

/**
 * JSON is the only kind of body. A request without a body may still carry a content type (a DELETE or POST of many clients does): it is a request
 * without a body, not a malformed one.
 */
export function readBodies(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    parse(request, body as string, done);
  });
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    const type = request.headers['content-type'] ?? 'none';
    done(new HttpProblem(415, 'request.media_type', `A body of type ${type.slice(0, 100)} is not read here. Send application/json.`));
  });
}
