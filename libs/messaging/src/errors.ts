/** The root of this package's errors, of the same shape as every error of the house (`code`, message, `details`). `status` is HTTP's. */
export abstract class BusError extends Error {
  abstract readonly code: string;
  /** Undefined only when the other side gave none. */
  readonly status: number | undefined = 503;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details;
  }
}

/** The server cannot be reached, or not in the time that was allowed. Trying again helps. */
export class BusUnavailable extends BusError {
  readonly code = 'bus.unavailable';
}

/** The server does not take our user and password. */
export class BusRefused extends BusError {
  readonly code = 'bus.refused';
}

export class ServerTooOld extends BusError {
  readonly code = 'bus.server_too_old';
  constructor(version: string, wanted: string) {
    super(`The NATS server is version ${version}; ${wanted} or newer with JetStream is needed. Upgrade it, or point NATS_URL at another.`);
  }
}

/** Streams or consumers on the server are not what this version declares. Each difference is a line of the message. */
export class TopologyDrift extends BusError {
  readonly code = 'bus.topology_drift';
  readonly differences: readonly string[];
  constructor(differences: readonly string[]) {
    const lines = differences.map((line) => `  ${line}`).join('\n');
    super(
      `The NATS server's streams differ from what this version declares, so nothing is started:\n${lines}\n` +
        'Change them back, or delete the stream: DR_EVENTS and DR_JOBS are copies and are filled again from the database.',
    );
    this.differences = differences;
  }
}

/** The streams were not there in the time that was allowed; the catalog makes them. */
export class TopologyMissing extends BusError {
  readonly code = 'bus.topology_missing';
}

/** The stream did not acknowledge a message; it may or may not be stored. Publishing again is safe. */
export class PublishFailed extends BusError {
  readonly code = 'bus.publish_failed';
}

/** A message that could not be one of ours. */
export class BadMessage extends BusError {
  readonly code = 'bus.bad_message';
  override readonly status = 400;
}

/** Nobody answers such questions at the moment. */
export class NoAnswer extends BusError {
  readonly code = 'bus.no_answer';
}

/** The question was taken, perhaps, but no answer came in time. */
export class AnswerTimeout extends BusError {
  readonly code = 'bus.timeout';
  override readonly status = 504;
}

/** The answering service has too many questions in hand. */
export class TooBusy extends BusError {
  readonly code = 'bus.busy';
  override readonly status = 429;
}

/** The other side failed, with this code, message and status. */
export class RemoteError extends BusError {
  readonly code: string;
  override readonly status: number | undefined;
  constructor(error: { code: string; message: string; status?: number; details?: Readonly<Record<string, unknown>> }) {
    super(error.message, { details: error.details });
    this.code = error.code;
    this.status = error.status;
  }
}
