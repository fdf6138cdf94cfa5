import { STATUS_CODES } from 'node:http';

/** One field of a bad request: where it stands, a JSON pointer into that, and what is wrong there. */
export interface FieldProblem {
  in?: 'path' | 'query' | 'body';
  pointer: string;
  message: string;
}

/** RFC 9457 `application/problem+json`, the shape of every error reply. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  request_id: string;
  errors?: FieldProblem[];
}

/** An error that a slice of the gateway raises on purpose, with its HTTP status. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldProblem[] | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, detail: string, more: { errors?: FieldProblem[]; headers?: Record<string, string> } = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

export const notFound = (what: string, id: string): HttpProblem =>
  new HttpProblem(404, `${what}.not_found`, `There is no ${what} ${id} that this key may see.`);

export function problemBody(status: number, code: string, detail: string, at: { instance: string; requestId: string }): Problem {
  return {
    type: `urn:tributary-dr:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    instance: at.instance,
    code,
    request_id: at.requestId,
  };
}
