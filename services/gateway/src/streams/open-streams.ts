import { hashApiKey, isUsable, presentedKey } from '@dr/auth';
import { type House, InjectHouse } from '@dr/service';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CatalogClient } from '../catalog-client.ts';
import { HttpProblem } from '../http/problem.ts';
import { EventStream } from './event-stream.ts';

/** Streams at once in this process, and by one key: each costs a socket and memory for as long as it is open. */
export const STREAMS_MAX = 1000;
export const STREAMS_OF_KEY_MAX = 50;

const KEY_CHECK_MS = 1_000;
const KEEP_ALIVE_MS = 15_000;

interface Open {
  stream: EventStream;
  keyHash: string;
}

/** Every stream that is open. They end with the gateway, and within a second or two when their key is revoked or expires. */
@Injectable()
export class OpenStreams implements OnModuleDestroy {
  private readonly open = new Set<Open>();
  private checking: NodeJS.Timeout | undefined;
  private keepingAlive: NodeJS.Timeout | undefined;
  private isChecking = false;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
  ) {}

  /** Takes the reply over: from here on nothing but the stream answers. @throws HttpProblem 429 when there are too many. */
  begin(request: FastifyRequest, reply: FastifyReply): EventStream {
    const keyHash = hashApiKey(presentedKey(request.headers) ?? '');
    const ofKey = [...this.open].filter((o) => o.keyHash === keyHash).length;
    if (this.open.size >= STREAMS_MAX || ofKey >= STREAMS_OF_KEY_MAX) {
      throw new HttpProblem(429, 'request.too_many_streams', `A key may have ${STREAMS_OF_KEY_MAX} streams open. Close one first.`, {
        headers: { 'Retry-After': '30' },
      });
    }
    reply.hijack();
    return this.register({ stream: new EventStream(reply.raw, String(request.id)), keyHash });
  }

  onModuleDestroy(): void {
    for (const { stream } of this.open) stream.end();
    this.stopTimers();
  }

  private register(opened: Open): EventStream {
    this.open.add(opened);
    opened.stream.signal.addEventListener('abort', () => {
      this.open.delete(opened);
      if (this.open.size === 0) this.stopTimers();
    });
    this.checking ??= setInterval(() => void this.checkInTurn(), KEY_CHECK_MS).unref();
    this.keepingAlive ??= setInterval(() => this.keepAlive(), KEEP_ALIVE_MS).unref();
    return opened.stream;
  }

  private stopTimers(): void {
    clearInterval(this.checking);
    clearInterval(this.keepingAlive);
    this.checking = undefined;
    this.keepingAlive = undefined;
  }

  private keepAlive(): void {
    for (const { stream } of this.open) void stream.keepAlive();
  }

  /** While the catalog is away a check takes long; others behind it would only pile up. */
  private async checkInTurn(): Promise<void> {
    if (this.isChecking) return;
    this.isChecking = true;
    await this.checkKeys();
    this.isChecking = false;
  }

  /** A catalog that does not answer for a moment closes nothing; the next check asks again. */
  private async checkKeys(): Promise<void> {
    for (const hash of new Set([...this.open].map((o) => o.keyHash))) {
      try {
        const key = await this.catalog.apiKey(hash);
        if (key && isUsable(key, this.house.now())) continue;
        for (const { keyHash, stream } of this.open) if (keyHash === hash) stream.end();
      } catch (error) {
        this.house.log.warn({ err: error }, 'the keys of open streams could not be checked');
      }
    }
  }
}
