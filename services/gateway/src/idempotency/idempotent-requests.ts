import { createHash } from 'node:crypto';
import { canonicalJson } from '@dr/domain';
import { type House, InjectHouse } from '@dr/service';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { defer, from, lastValueFrom, type Observable } from 'rxjs';
import * as z from 'zod';
import type { AuthenticatedRequest } from '../auth/caller.ts';
import { HttpProblem } from '../http/problem.ts';
import { ROUTE, type RouteDeclaration } from '../http/route.ts';
import { type RequestSeed, withSeed } from './request-identity.ts';
import { type KeyedRequest, RequestKeys, type StoredReply } from './request-keys.ts';
import { secretShownOnce } from './secret-shown-once.ts';

/** Declares that a route takes an Idempotency-Key: every one that makes something. Its handler takes its ids from `identify`. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional()
    .describe(
      'A name of your choice for this request, up to 255 visible ASCII characters. Repeated within 24 hours by the same API key it makes nothing twice.',
    ),
});

/**
 * A request repeated under its Idempotency-Key gets the first reply. `?wait=` is no part of what is asked for. Stands inside of what waits,
 * so that a reply counts from the moment when the thing was made.
 */
@Injectable()
export class IdempotentRequests implements NestInterceptor {
  private readonly keys: RequestKeys;

  constructor(
    private readonly reflector: Reflector,
    @InjectHouse() private readonly house: House,
  ) {
    this.keys = new RequestKeys(house);
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const declaration = this.reflector.get<RouteDeclaration | undefined>(ROUTE, context.getHandler());
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const keyed = declaration?.headers === idempotencyHeaders ? keyedRequest(request) : undefined;
    if (keyed === undefined) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return defer(() => from(this.answer(keyed, reply, next)));
  }

  private async answer(request: KeyedRequest, reply: FastifyReply, next: CallHandler): Promise<unknown> {
    const claim = await this.keys.claim(request);
    if (claim.kind === 'replay') return replay(reply, claim.reply);
    try {
      const body: unknown = await withSeed(claim.seed, () => lastValueFrom(next.handle()));
      await this.keep(request, storedReply(reply, body));
      return body;
    } catch (error) {
      await this.letGo(request, claim.seed);
      throw error;
    }
  }

  /** The thing is made, so the caller gets its reply even when it cannot be kept: a repeat then reads it anew. */
  private async keep(request: KeyedRequest, stored: StoredReply): Promise<void> {
    await this.keys
      .succeeded(request, stored)
      .catch((error: unknown) => this.house.log.warn({ err: error }, 'a reply could not be kept for its Idempotency-Key'));
  }

  private async letGo(request: KeyedRequest, seed: RequestSeed): Promise<void> {
    await this.keys
      .failed(request, seed)
      .catch((error: unknown) => this.house.log.warn({ err: error }, 'an Idempotency-Key could not be let go; its lease runs out'));
  }
}

function keyedRequest(request: AuthenticatedRequest): KeyedRequest | undefined {
  const parsed = idempotencyHeaders.safeParse({ 'idempotency-key': request.headers['idempotency-key'] });
  if (!parsed.success) {
    throw new HttpProblem(400, 'request.invalid', 'The header Idempotency-Key must be 1 to 255 visible ASCII characters, given once.');
  }
  const requestKey = parsed.data['idempotency-key'];
  if (requestKey === undefined || request.caller === undefined) return undefined;
  const { wait: _, ...query } = (request.query ?? {}) as Record<string, unknown>;
  const wanted = canonicalJson({ path: request.url.split('?')[0], method: request.method, query, body: request.body ?? null });
  return { keyId: request.caller.keyId, requestKey, digest: createHash('sha256').update(wanted).digest('hex') };
}

/** Without the one thing that must be kept nowhere: the secret of a new API key. */
function storedReply(reply: FastifyReply, body: unknown): StoredReply {
  const location = reply.getHeader('location');
  const { api_key, key_id } = Object(body) as { api_key?: string; key_id?: string };
  const kept = api_key === undefined ? { body } : { body: null, secretOf: key_id };
  return { status: reply.statusCode, ...kept, ...(typeof location === 'string' && { location }) };
}

function replay(reply: FastifyReply, { status, location, body, secretOf }: StoredReply): unknown {
  if (secretOf !== undefined) throw secretShownOnce(secretOf);
  void reply.status(status).header('Idempotency-Replayed', 'true');
  if (location !== undefined) void reply.header('Location', location);
  return body;
}
