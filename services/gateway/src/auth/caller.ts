import { type Caller as KeyCaller, type Scope as ScopeName, Unauthenticated } from '@dr/auth';
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

export const SCOPE = Symbol('scope');

/** The scope that a route needs. A route without one is open to everybody: only health has none. */
export const Scope = (scope: ScopeName) => SetMetadata(SCOPE, scope);

export type AuthenticatedRequest = FastifyRequest & { caller?: KeyCaller };

/** The key behind the request, as the guard found it. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): KeyCaller => {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (caller === undefined) throw new Unauthenticated('missing');
  return caller;
});
