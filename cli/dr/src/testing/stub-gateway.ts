import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  body: unknown;
}

/** What a stub answers: status and body, or 'hang up' to break the connection. */
export type Answer = { status: number; body?: unknown; type?: string; headers?: Record<string, string> } | 'hang up';

/** A gateway that answers what a test says, and remembers what it was asked. Its misbehaviour is the point: what the real one does is tested end to end. */
export class StubGateway {
  readonly asked: Asked[] = [];
  url = '';
  readonly #server: Server;
  #answer: (asked: Asked, turn: number) => Answer;

  constructor(answer: (asked: Asked, turn: number) => Answer) {
    this.#answer = answer;
    this.#server = createServer((request, response) => {
      void this.#take(request).then((asked) => {
        const answer = this.#answer(asked, this.asked.length - 1);
        if (answer === 'hang up') return request.socket.destroy();
        response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json', connection: 'close', ...answer.headers });
        return response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
      });
    });
  }

  get env(): Record<string, string> {
    return { DR_URL: this.url, DR_API_KEY: 'dr_test' };
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(port, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #take(request: IncomingMessage): Promise<Asked> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url!, 'http://stub');
    const asked = {
      method: request.method!,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.asked.push(asked);
    return asked;
  }
}

/** RFC 9457 problem details. */
export function problem(status: number, code: string, detail: string, more: object = {}): Answer {
  return {
    status,
    body: { type: 'about:blank', title: 'x', status, code, detail, request_id: 'req-1', ...more },
    type: 'application/problem+json',
  };
}

export function backup(status: string, more: object = {}): Record<string, unknown> {
  return {
    backup_id: 'backup_20260131_120000_0a1b2c3d',
    timestamp: '2026-01-31T12:00:00.000Z',
    type: 'full',
    status,
    tenant_id: 'acme',
    dataset_ids: ['articles', 'support'],
    datasets: [
      {
        dataset_id: 'articles',
        format: 'v4',
        status: 'completed',
        objects: 12,
        bytes: 34_567,
        rows: '9007199254740993',
        branches: ['main'],
        tags: [],
        head_version: 'abc',
        findings: [],
      },
      { dataset_id: 'support', format: 'v3', status, objects: 3, bytes: 45, rows: 7, branches: ['main'], tags: ['v1'], findings: [] },
    ],
    size_bytes: 34_612,
    compressed_size_bytes: 20_000,
    checksum: 'f'.repeat(64),
    duration_seconds: 3.21,
    storage_path: 't/00/backups/x',
    error_message: null,
    progress: { datasets_total: 2, datasets_done: status === 'running' ? 1 : 2 },
    metadata: { created_by: 'key-1', description: 'before the upgrade' },
    ...more,
  };
}
