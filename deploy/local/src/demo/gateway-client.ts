import { setTimeout as pause } from 'node:timers/promises';
import { StartError } from '../start-error.ts';

type Body = Record<string, unknown>;

/** The few calls of the REST API that the supervisor makes, as any other client would. */
export class GatewayClient {
  private readonly url: string;
  private readonly key: string;
  private readonly signal: AbortSignal;

  constructor(url: string, key: string, signal: AbortSignal) {
    this.url = url;
    this.key = key;
    this.signal = signal;
  }

  /** @throws StartError with the problem that the gateway told. */
  async call<T = Body>(method: 'GET' | 'POST', path: string, body?: Body): Promise<T> {
    const answer = await this.send(method, path, body);
    const content = (await answer.json().catch(() => ({}))) as Body;
    if (answer.ok) return content as T;
    const { title = answer.statusText, detail = '' } = content as { title?: string; detail?: string };
    throw new StartError('local.gateway', `${method} ${path} was answered with ${answer.status} ${title}. ${detail}`.trim());
  }

  /** Waits until our key is accepted: the gateway may listen a moment before the first key has reached its view. */
  async untilAccepted(msMax = 20_000): Promise<void> {
    let status = 0;
    for (let waited = 0; waited < msMax; waited += 50) {
      status = (await this.send('GET', '/api/v1/backups?limit=1').catch(() => ({ status: 0 }))).status;
      if (status === 200) return;
      await pause(50, undefined, { signal: this.signal });
    }
    throw new StartError(
      'local.key_refused',
      `The gateway at ${this.url} did not accept the key of credentials.json (status ${status || 'none'}).`,
    );
  }

  /** Asks for `path` until its status is none of those that go over. */
  async untilEnded<T extends { status: string }>(path: string, msMax = 120_000): Promise<T> {
    for (let waited = 0; waited < msMax; waited += 50) {
      const state = await this.call<T>('GET', path);
      if (!['pending', 'queued', 'running', 'verifying', 'swapping'].includes(state.status)) return state;
      await pause(50, undefined, { signal: this.signal });
    }
    throw new StartError('local.no_end', `${path} did not end within ${msMax / 1000} s.`);
  }

  private send(method: string, path: string, body?: Body): Promise<Response> {
    const headers: Record<string, string> = { authorization: `ApiKey ${this.key}` };
    if (body) headers['content-type'] = 'application/json';
    return fetch(`${this.url}${path}`, { method, headers, body: body && JSON.stringify(body), signal: this.signal });
  }
}
