import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** One message of a stream; `id` is what a client hands back in Last-Event-ID. */
export interface StreamMessage {
  id?: string;
  event?: string;
  data: unknown;
}

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
  Connection: 'keep-alive',
};

/** A reply that goes on: server-sent events, one at a time, as fast as the client reads. */
export class EventStream {
  private readonly raw: ServerResponse;
  private readonly ended = new AbortController();

  constructor(raw: ServerResponse, requestId: string) {
    this.raw = raw;
    raw.on('close', () => this.ended.abort());
    raw.on('error', () => this.ended.abort());
    raw.writeHead(200, { ...HEADERS, 'X-Request-Id': requestId });
    raw.write('retry: 2000\n\n');
  }

  /** Aborted when either side has ended it. */
  get signal(): AbortSignal {
    return this.ended.signal;
  }

  /** Resolves when the client can take more; at once after the end. */
  async send({ id, event, data }: StreamMessage): Promise<void> {
    const lines = [...(id === undefined ? [] : [`id: ${id}`]), ...(event === undefined ? [] : [`event: ${event}`])];
    await this.write(`${[...lines, `data: ${JSON.stringify(data)}`].join('\n')}\n\n`);
  }

  /** What a client that is cut off before its first message hands back. */
  async sendPlace(id: string): Promise<void> {
    await this.write(`id: ${id}\n\n`);
  }

  /** A comment, so that proxies see life and we see a client that is gone. One that has not read what it got needs no more. */
  async keepAlive(): Promise<void> {
    if (!this.raw.writableNeedDrain) await this.write(': still here\n\n');
  }

  end(): void {
    this.ended.abort();
    this.raw.end();
  }

  private async write(text: string): Promise<void> {
    if (this.signal.aborted || this.raw.write(text)) return;
    await once(this.raw, 'drain', { signal: this.signal }).catch(() => undefined);
  }
}
