import { setTimeout as pause } from 'node:timers/promises';
import { streamOf } from '@dr/domain';
import { type House, InjectHouse } from '@dr/service';
import { type BeforeApplicationShutdown, type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { from, type Observable, switchMap } from 'rxjs';
import * as z from 'zod';
import type { AuthenticatedRequest } from '../auth/caller.ts';
import { CatalogClient, scopeOf, type TenantScope } from '../catalog-client.ts';
import { Views } from '../read-own-write/views.ts';

const WAIT_SECONDS_MAX = 300;

/** `?wait=SECONDS` of a route that begins something. */
export const waitSeconds = z.coerce
  .number()
  .int()
  .min(0)
  .max(WAIT_SECONDS_MAX)
  .optional()
  .describe('Wait so long at most for the end: 200 with the end state, 202 when it is not over yet.');
export const waitQuery = z.strictObject({ wait: waitSeconds });

type Resource = Record<string, unknown>;

const ENDS = new Set(['completed', 'partial', 'failed', 'cancelled', 'passed', 'error', 'deleted']);
const hasEnded = (resource: Resource): boolean => ENDS.has(String(resource['status']));

/** For several, and in case that the catalog's word is lost. */
const POLL_MS_FIRST = 50;
const POLL_MS_MAX = 1_000;

/** Holds a 202 back until what was begun has ended, its time is over, the caller is gone, or this process stops. */
@Injectable()
export class WaitForEnd implements NestInterceptor, BeforeApplicationShutdown {
  private isStopping = false;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly views: Views,
  ) {}

  beforeApplicationShutdown(): void {
    this.isStopping = true;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const { wait } = (request.query ?? {}) as { wait?: unknown };
    if (typeof wait !== 'number' || wait === 0 || request.caller === undefined) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(switchMap((begun) => from(this.wait(request, reply, begun as Resource))));
  }

  private async wait(request: AuthenticatedRequest, reply: FastifyReply, begun: Resource): Promise<Resource> {
    const { wait } = request.query as { wait: number };
    const until = this.house.now() + wait * 1_000;
    const scope = scopeOf(request.caller!.tenant);
    let latest = begun;
    let news = this.news(begun, POLL_MS_FIRST);
    for (let pauseMs = POLL_MS_FIRST; !isOver(latest); pauseMs = Math.min(pauseMs * 1.5, POLL_MS_MAX)) {
      const leftMs = until - this.house.now();
      if (leftMs <= 0 || this.isStopping || reply.raw.destroyed) return latest; // a request is destroyed as soon as its body was read
      await news;
      news = this.news(begun, Math.min(pauseMs, leftMs)); // heard from before it is read on, so that no word is missed
      latest = await this.look(latest, scope);
    }
    void reply.status(200);
    return latest;
  }

  /** Until there may be news of it, `msMax` at most. */
  private async news(begun: Resource, msMax: number): Promise<void> {
    const stream = streamOfOne(begun);
    await (stream === undefined ? pause(msMax) : this.views.changed(stream, msMax));
  }

  /** The catalog may be away for a moment while we wait; what was begun goes on, and the caller knows its id only from us. */
  private async look(resource: Resource, scope: TenantScope): Promise<Resource> {
    try {
      if (Array.isArray(resource['backups'])) {
        return { backups: await this.readEach(resource['backups'] as Resource[], scope) };
      }
      return await this.read(resource, scope);
    } catch (error) {
      this.house.log.warn({ err: error }, 'waiting for the end: the catalog could not be asked');
      return resource;
    }
  }

  /** One after the other: hundreds of questions at once would be refused by the catalog, each time. */
  private async readEach(backups: readonly Resource[], scope: TenantScope): Promise<Resource[]> {
    const latest: Resource[] = [];
    for (const backup of backups) latest.push(hasEnded(backup) ? backup : await this.read(backup, scope));
    return latest;
  }

  private async read(resource: Resource, scope: TenantScope): Promise<Resource> {
    const { restore_id, verification_id, backup_id } = resource;
    if (restore_id) return ((await this.catalog.restore(String(restore_id), scope)) ?? resource) as Resource;
    if (verification_id) return ((await this.catalog.verification(String(verification_id), scope)) ?? resource) as Resource;
    return ((await this.catalog.backup(String(backup_id), scope)) as Resource | undefined) ?? resource;
  }
}

/** Where the end of what was begun is written; none for several, which would be read again at every word of one of them. */
function streamOfOne({ restore_id, verification_id, backup_id }: Resource): string | undefined {
  if (restore_id) return streamOf.restore(String(restore_id));
  if (verification_id) return streamOf.verification(String(verification_id));
  return backup_id ? streamOf.backup(String(backup_id)) : undefined;
}

const isOver = (resource: Resource): boolean =>
  Array.isArray(resource['backups']) ? resource['backups'].every(hasEnded) : hasEnded(resource) || resource['status'] === undefined;
