import { type Caller as KeyCaller, listedTenant, visibleTenant } from '@dr/auth';
import { positionOf, readLog } from '@dr/event-store';
import { toCloudEvent } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Controller, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { Caller } from '../auth/caller.ts';
import { notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import type { EventStream } from '../streams/event-stream.ts';
import { OpenStreams } from '../streams/open-streams.ts';
import { LogTail } from './log-tail.ts';
import { type ReadEventsQuery, readEvents } from './read-events.schema.ts';
import { type EventFilter, filterOf, isVisible } from './visible-event.ts';

/** GET /events. */
@Controller()
export class ReadEventsController {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly tail: LogTail,
    private readonly streams: OpenStreams,
  ) {}

  @Route(readEvents)
  async stream(
    @Query() query: ReadEventsQuery,
    @Caller() caller: KeyCaller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const tenant = listedTenant(caller, query.tenant_id);
    if (tenant === undefined) throw notFound('tenant', query.tenant_id ?? '');
    const from = await this.startOf((request.headers['last-event-id'] as string | undefined) ?? query.after, caller);
    const stream = this.streams.begin(request, reply);
    await this.run(stream, from, { caller, filter: filterOf(caller, tenant, query.types) }).catch((error: unknown) => {
      this.house.log.warn({ err: error, request_id: request.id }, 'a stream of events was cut off');
    });
    stream.end();
  }

  /** Events are named by their ids, never by their position: gaps between positions would tell of other tenants. @throws HttpProblem 404 */
  private async startOf(after: string | undefined, caller: KeyCaller): Promise<number> {
    if (after === undefined) return this.tail.head();
    if (after === '0') return 0;
    const { database } = this.house;
    const position = z.uuid().safeParse(after).success ? await positionOf(database, after) : undefined;
    const [event] = position === undefined ? [] : await readLog(database, position - 1, 1);
    if (!event || !visibleTenant(caller, event.meta.tenant)) throw notFound('event', after);
    return event.position;
  }

  /** First the id of the newest event before, so that a client that is cut off before its first one goes on from here. */
  private async run(stream: EventStream, from: number, { caller, filter }: { caller: KeyCaller; filter: EventFilter }): Promise<void> {
    const before = await this.tail.newestBefore(from, (event) => visibleTenant(caller, event.meta.tenant));
    if (before) await stream.sendPlace(before.eventId);
    await this.follow(stream, from, filter);
  }

  private async follow(stream: EventStream, from: number, filter: EventFilter): Promise<void> {
    let position = from;
    while (!stream.signal.aborted) {
      const events = await this.tail.after(position);
      for (const event of events) {
        if (isVisible(filter, event)) await stream.send({ id: event.eventId, data: toCloudEvent(event) });
        if (stream.signal.aborted) return;
      }
      position = events.at(-1)?.position ?? position;
      if (events.length === 0) await this.tail.changed(stream.signal);
    }
  }
}
