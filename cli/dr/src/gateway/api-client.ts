import { ApiProblem, GatewayUnreachable, Interrupted } from '../errors.ts';
import type { Credentials } from './credentials.ts';

/** One answer may take this long; long operations are asked about again and again instead. */
const ANSWER_MS_MAX = 60_000;

/** The connection was never made. */
const NOTHING_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

export interface ApiRequest {
  body?: object;
  query?: Readonly<Record<string, string | number | undefined>>;
  headers?: Readonly<Record<string, string>>;
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

  post<T>(path: string, body: object, headers?: ApiRequest['headers']): Promise<T> {
    return this.call<T>('POST', path, { body, headers });
  }

  /** @returns the JSON body. @throws ApiProblem for every status that is not 2xx, GatewayUnreachable, Interrupted. */
  async call<T>(method: string, path: string, request: ApiRequest = {}): Promise<T> {
    const { status, body } = await this.send(method, `/api/v1${path}`, request);
    if (status >= 200 && status < 300) return body as T;
    throw new ApiProblem(status, isObject(body) ? body : {});
  }

  /** Any path of the gateway, whatever its status. @throws GatewayUnreachable, Interrupted. */
  async send(method: string, path: string, { body, query, headers }: ApiRequest = {}): Promise<{ status: number; body: unknown }> {
    const url = new URL(`${this.url}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
    try {
      const answer = await fetch(url, {
        method,
        headers: {
          authorization: `ApiKey ${this.#key}`,
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body && JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
      });
      return { status: answer.status, body: parsed(await answer.text()) };
    } catch (cause) {
      if (this.#signal.aborted) throw new Interrupted();
      throw new GatewayUnreachable(this.url, whyOf(cause), method !== 'GET' && !NOTHING_SENT.includes(whyOf(cause)));
    }
  }
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
