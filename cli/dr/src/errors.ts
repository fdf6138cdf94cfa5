import { DrError } from '@dr/storage';

/** The command line was not understood; nothing was done. Exit code 2. */
export class UsageError extends DrError {
  readonly code = 'cli.usage';
  constructor(problem: string, verb?: string) {
    super(`${problem} See: dr ${verb ? `${verb} ` : ''}--help`);
  }
}

/** Neither the environment nor DR_HOME says where the gateway is and with which key. */
export class NoCredentials extends DrError {
  readonly code = 'cli.no_credentials';
  constructor(file: string, why: string) {
    super(
      `Where is the gateway? ${file} ${why}. Start it (npm start), set DR_URL and DR_API_KEY, or work without a service: dr --repo URI list.`,
    );
  }
}

/** The gateway could not be reached, or broke off. */
export class GatewayUnreachable extends DrError {
  readonly code = 'cli.gateway_unreachable';
  /** The request may have reached it, so what was asked for may have happened. */
  readonly sent: boolean;
  constructor(url: string, why: string, sent: boolean) {
    const doubt = sent ? ' What was asked for may have been accepted all the same: look (dr list) before you ask again.' : '';
    super(`The gateway at ${url} cannot be reached (${why}).${doubt} Is it running? To work without a service: dr --repo URI list.`);
    this.sent = sent;
  }
}

/** The gateway refused, with RFC 9457 problem details. */
export class ApiProblem extends DrError {
  readonly code: string;
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;
  /** The gateway asks to come back after so many seconds. */
  readonly retryAfter: number | undefined;
  constructor(status: number, problem: Readonly<Record<string, unknown>>, retryAfter?: number) {
    super(told(status, problem));
    this.retryAfter = retryAfter;
    this.code = typeof problem['code'] === 'string' ? problem['code'] : `http.${status}`;
    this.status = status;
    this.problem = problem;
  }
}

function told(status: number, problem: Readonly<Record<string, unknown>>): string {
  const { title, detail, errors, request_id } = problem as { title?: string; detail?: string; errors?: unknown; request_id?: string };
  const fields = Array.isArray(errors)
    ? errors.map((e: { pointer?: string; message?: string }) => `${e.pointer ?? ''} ${e.message ?? ''}`.trim())
    : [];
  const text = [detail ?? title ?? `The gateway answered with status ${status}.`, ...fields.map((field) => `  ${field}`)].join('\n');
  return request_id && status >= 500 ? `${text} (request ${request_id})` : text;
}

/** Ctrl-C, or a signal of the system. Exit code 130. */
export class Interrupted extends DrError {
  readonly code = 'cli.interrupted';
  constructor(what = 'Interrupted.') {
    super(what);
  }
}

/** An operation that ran to its end and failed. */
export class OperationFailed extends DrError {
  readonly code = 'cli.operation_failed';
}

/** Nothing here has that name. Exit code 4. */
export class NothingFound extends DrError {
  readonly code = 'cli.not_found';
}

/** What was asked for is not done because it would do harm, or cannot be done this way. Exit code 5. */
export class Declined extends DrError {
  readonly code = 'cli.declined';
}

/** Part of a later version; nothing was done. Exit code 1, so that a script that relies on it stops. */
export class NotBuilt extends DrError {
  readonly code = 'cli.not_built';
  constructor(what: string, instead: string) {
    super(`${what} is not built in this version; nothing was done. ${instead}.`);
  }
}

/** An operation that still ran when the gateway stayed away for too long. It goes on by itself. */
export class LostSight extends DrError {
  readonly code = 'cli.lost_sight';
  override readonly details: { id: string };
  constructor(id: string, minutes: number, cause: Error) {
    super(
      `${cause.message} Stopped waiting for ${id} after ${minutes} minutes without an answer; it goes on by itself. Ask later: dr status ${id} --wait`,
      {
        cause,
      },
    );
    this.details = { id };
  }
}
