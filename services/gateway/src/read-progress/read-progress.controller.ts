import { setTimeout as pause } from 'node:timers/promises';
import type { Caller as KeyCaller } from '@dr/auth';
import { type House, InjectHouse } from '@dr/service';
import { Controller, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '../auth/caller.ts';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import type { EventStream } from '../streams/event-stream.ts';
import { OpenStreams } from '../streams/open-streams.ts';
import { findOperation } from './find-operation.ts';
import { Meters } from './meters.ts';
import { progressOf } from './progress-of.ts';
import { type OperationProgress, readProgress } from './read-progress.schema.ts';

const EVERY_MS = 500;

/** GET /operations/{id}/progress. */
@Controller()
export class ReadProgressController {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
    private readonly meters: Meters,
    private readonly streams: OpenStreams,
  ) {}

  @Route(readProgress)
  async read(
    @Param('id') id: string,
    @Caller() caller: KeyCaller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const now = await this.progress(id, caller);
    if (!now) throw notFound('operation', id);
    if (!request.headers.accept?.includes('text/event-stream')) return void reply.send(now);
    const stream = this.streams.begin(request, reply);
    await this.follow(stream, now, caller).catch((error: unknown) => {
      this.house.log.warn({ err: error, operation_id: id }, 'a stream of progress was cut off');
    });
    stream.end();
  }

  private async progress(id: string, caller: KeyCaller): Promise<OperationProgress | undefined> {
    const operation = await findOperation(this.catalog, id, scopeOf(caller.tenant));
    return operation && progressOf(operation, this.meters.read(id));
  }

  private async follow(stream: EventStream, first: OperationProgress, caller: KeyCaller): Promise<void> {
    let [now, sent]: [OperationProgress | undefined, string] = [first, ''];
    while (now && !stream.signal.aborted) {
      const text = JSON.stringify(now);
      if (text !== sent || now.ended) await stream.send({ event: now.ended ? 'end' : 'progress', data: now });
      if (now.ended) return;
      sent = text;
      await pause(EVERY_MS, undefined, { signal: stream.signal }).catch(() => undefined);
      now = await this.progress(first.operation_id, caller);
    }
  }
}
