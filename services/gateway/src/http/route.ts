import type { Scope as ScopeName } from '@dr/auth';
import { applyDecorators, HttpCode, RequestMapping, RequestMethod, SetMetadata, type Type } from '@nestjs/common';
import type * as z from 'zod';
import { Scope } from '../auth/caller.ts';

/** One reply that a route gives on purpose. */
export interface DeclaredReply {
  readonly description: string;
  /** Absent: no body, or one that is no JSON. */
  readonly schema?: z.ZodType;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** True: with `Accept: text/event-stream` the reply is a stream instead. */
  readonly alsoAsStream?: boolean;
  /** Headers beyond X-Request-Id, with what each tells. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * All that there is to say of a route, said once: Nest's routing, the guard, the validation and the OpenAPI document follow from it.
 * Problems that follow by themselves (400, 401, 403, 413, 415, 429, 5xx) are not listed.
 */
export interface RouteDeclaration {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below /api/v1, as OpenAPI writes it: `/backups/{id}`. */
  readonly path: string;
  /** True: not below /api/v1, such as /health/live. */
  readonly atRoot?: boolean;
  /** What a key must have; undefined: open to everybody. */
  readonly scope: ScopeName | undefined;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Request headers that mean something here, beyond the key and the trace. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** 202 if it is declared (the route begins something), else the lowest, is the status that Nest sends unless the handler sets another. */
  readonly replies: Readonly<Record<number, DeclaredReply>>;
  /** Other problems that this route is known for, with what each means. */
  readonly problems?: Readonly<Record<number, string>>;
}

export const route = <const D extends RouteDeclaration>(declaration: D): D => declaration;

export const ROUTE = Symbol('route');

/** Makes a method of a controller the handler of what was declared. The controller itself has no prefix: `@Controller()`. */
export function Route(declaration: RouteDeclaration): MethodDecorator {
  const { method, path, scope, replies } = declaration;
  const status = 202 in replies ? 202 : Math.min(...Object.keys(replies).map(Number));
  return applyDecorators(
    RequestMapping({ method: RequestMethod[method], path: path.slice(1).replaceAll(/\{(\w+)\}/g, ':$1') }),
    HttpCode(status),
    SetMetadata(ROUTE, declaration),
    ...(scope === undefined ? [] : [Scope(scope)]),
  );
}

/** What the handlers of these controllers declare, in their order. */
export function declarationsOf(controllers: readonly Type[]): RouteDeclaration[] {
  return controllers.flatMap(({ prototype }) => {
    const methods = Object.getOwnPropertyNames(prototype).map((name) => prototype[name] as unknown);
    return methods.flatMap((method) => (typeof method === 'function' ? (Reflect.getMetadata(ROUTE, method) ?? []) : []));
  });
}
