import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Problem, problemBody } from './problem.ts';

interface ParserError {
  code?: string;
}

const ANSWERS: Record<string, { status: number; code: string; detail: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'request.headers_too_large',
    detail: 'The headers of the request are larger than 16 KiB. Send fewer or shorter ones.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'request.timeout', detail: 'The request did not arrive in time. Send it again.' },
};
const MALFORMED = { status: 400, code: 'request.malformed', detail: 'What arrived is not an HTTP request that can be read.' };

/** Answers what Node's own parser refused, before there is a request: the reply is written to the socket, which is then closed. */
export function answerMalformed(error: ParserError, socket: Socket, newId: () => string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, code, detail } = ANSWERS[error.code ?? ''] ?? MALFORMED;
  socket.end(rawReply(problemBody(status, code, detail, { instance: '', requestId: newId() })));
}

function rawReply(problem: Problem): string {
  const body = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${problem.request_id}`,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
