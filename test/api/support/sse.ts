export interface Received {
  id?: string;
  event?: string;
  data: Record<string, unknown>;
}

/** A client of server-sent events, as small as the format. */
export class SseClient {
  readonly received: Received[] = [];
  /** From where the stream goes on, before its first event. */
  place: string | undefined;
  readonly status: number;
  readonly headers: Headers;
  /** Resolves when the stream has ended, from either side. */
  readonly ended: Promise<void>;
  private readonly stop: AbortController;

  private constructor(reply: Response, stop: AbortController) {
    this.status = reply.status;
    this.headers = reply.headers;
    this.stop = stop;
    this.ended = this.readAll(reply).catch(() => undefined);
  }

  static async open(url: string, headers: Record<string, string>): Promise<SseClient> {
    const stop = new AbortController();
    const reply = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: stop.signal });
    return new SseClient(reply, stop);
  }

  close(): Promise<void> {
    this.stop.abort();
    return this.ended;
  }

  private async readAll(reply: Response): Promise<void> {
    let text = '';
    for await (const bytes of reply.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (text + bytes).split('\n\n');
      text = parts.pop()!;
      for (const part of parts) this.take(part.split('\n'));
    }
  }

  private take(lines: string[]): void {
    const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const data = field('data');
    if (data === undefined) this.place ??= field('id');
    if (data !== undefined) this.received.push({ id: field('id'), event: field('event'), data: JSON.parse(data) });
  }
}
