import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import * as z from 'zod';
import type { FieldProblem } from './problem.ts';
import { ROUTE, type RouteDeclaration } from './route.ts';
import { unfitParts } from './unfit-text.ts';
import { invalidRequest, problemsOf } from './validation.ts';

const NOTHING = z.strictObject({});

type Part = 'params' | 'query' | 'body';
const WHERE = { params: 'path', query: 'query', body: 'body' } as const;

/**
 * Reads path, query and body as the route's declaration says, so that handlers get them checked, with defaults filled in. What a declaration
 * does not mention is refused. All problems of a request are told at once. Runs after the guard: nobody learns of fields without a key.
 */
@Injectable()
export class ValidateInput implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const parts: Part[] = ['params', 'query', 'body'];
    const unfit = parts.flatMap((part) => unfitParts(request[part]).map((problem) => ({ in: WHERE[part], ...problem })));
    if (unfit.length > 0) throw invalidRequest(unfit);
    const declaration = this.reflector.get<RouteDeclaration | undefined>(ROUTE, context.getHandler());
    if (declaration) readParts(request, declaration, parts);
    return next.handle();
  }
}

function readParts(request: FastifyRequest, declaration: RouteDeclaration, parts: readonly Part[]): void {
  const problems: FieldProblem[] = [];
  for (const part of parts) {
    const result = (declaration[part] ?? NOTHING).safeParse(request[part] === undefined ? {} : request[part]);
    if (result.success) request[part] = result.data;
    else problems.push(...result.error.issues.flatMap(problemsOf).map((problem) => ({ in: WHERE[part], ...problem })));
  }
  if (problems.length > 0) throw invalidRequest(problems);
}
