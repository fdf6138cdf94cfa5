import { ApiProblem, GatewayUnreachable, Interrupted } from '../errors.ts';
import type { Credentials } from './credentials.ts';

/** One answer may take this long; long operations are asked about again and again instead. */
const ANSWER_MS_MAX = 60_000;

/** The connection was never made. */
const NOTHING_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'bad port'];

export interface ApiRequest {
  body?: object;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  headers?: Readonly<Record<string, string>>;
}

export interface ApiReply {
  status: number;
  body: unknown;
  headers: Headers;
}

/** The gateway's REST API below /api/v1. */
export class ApiClient {
  readonly url: string;
  readonly #key: string;
  readonly #signal: AbortSignal;

  constructor({ url, apiKey }: Credentials, signal: AbortSignal) {
    this.url = url;
    this.#key = apiKey;
    this.#signal = signal;
  }

  get<T>(path: string, query?: ApiRequest['query']): Promise<T> {
    return this.call<T>('GET', path, { query });
  }

  /** @returns the JSON body. @throws ApiProblem for every status that is not 2xx, GatewayUnreachable, Interrupted. */
  async call<T>(method: string, path: string, request: ApiRequest = {}): Promise<T> {
    const { status, body, headers } = await this.send(method, `/api/v1${path}`, request);
    if (status >= 200 && status < 300) return body as T;
    throw problemOf(status, body, headers);
  }

  /** Any path of the gateway, whatever its status. @throws GatewayUnreachable, Interrupted. */
  async send(method: string, path: string, request: ApiRequest = {}): Promise<ApiReply> {
    const url = this.#urlOf(path, request);
    return this.#guarded(method, async () => {
      const answer = await fetch(url, this.#init(method, request, AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_MS_MAX)])));
      return { status: answer.status, body: parsed(await answer.text()), headers: answer.headers };
    });
  }

  /** The lines of a stream (server-sent events) as they come, until it ends or `signal` says so. @throws as `call`. */
  async *lines(path: string, request: ApiRequest, signal: AbortSignal): AsyncGenerator<string> {
    const init = this.#init(
      'GET',
      { ...request, headers: { ...request.headers, accept: 'text/event-stream' } },
      AbortSignal.any([this.#signal, signal]),
    );
    const answer = await this.#guarded('GET', () => fetch(this.#urlOf(`/api/v1${path}`, request), init));
    if (!answer.ok) throw problemOf(answer.status, parsed(await answer.text()), answer.headers);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ''; ; ) {
      const { done, value } = await this.#guarded('GET', () => reader.read());
      const lines = `${rest}${value ?? ''}`.split(/\r?\n/);
      rest = lines.pop()!;
      yield* lines;
      if (done) return;
    }
  }

  #urlOf(path: string, { query = {} }: ApiRequest): URL {
    const url = new URL(`${this.url}${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    return url;
  }

  /** A redirect is an error: it would carry the key elsewhere. */
  #init(method: string, { body, headers }: ApiRequest, signal: AbortSignal): RequestInit {
    const own = { authorization: `ApiKey ${this.#key}`, accept: 'application/json', ...(body && { 'content-type': 'application/json' }) };
    return { method, headers: { ...own, ...headers }, body: body && JSON.stringify(body), redirect: 'error', signal };
  }

  async #guarded<T>(method: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (this.#signal.aborted) throw new Interrupted();
      throw new GatewayUnreachable(this.url, whyOf(cause), method !== 'GET' && !NOTHING_SENT.includes(whyOf(cause)));
    }
  }
}

function problemOf(status: number, body: unknown, headers: Headers): ApiProblem {
  return new ApiProblem(status, isObject(body) ? body : {}, Number(headers.get('retry-after')) || undefined);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** fetch hides what went wrong in its cause. */
function whyOf(cause: unknown): string {
  const { name, message, cause: inner } = Object(cause) as { name?: string; message?: string; cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `no answer within ${ANSWER_MS_MAX / 1000} s`;
  return inner?.code ?? inner?.message ?? message ?? String(cause);
}
