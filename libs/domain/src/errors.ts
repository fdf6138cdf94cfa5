/**
 * The root of the errors of this package, of the same shape as every error of the house: `code` ('area.reason') is stable and maps once
 * to an HTTP status and once to an exit code, `message` says what was being done, what went wrong and what to do next.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = new.target.name;
    this.details = details;
  }
}

/**
 * The command contradicts what has been decided already, such as cancelling a completed backup. Trying again does not help.
 * Codes: 'wrong_state.<aggregate>_<reason>'. The same command given twice is no contradiction: it yields no events.
 */
export class WrongState extends DomainError {
  readonly code: `wrong_state.${string}`;

  constructor(reason: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message, details);
    this.code = `wrong_state.${reason}`;
  }
}

/** The command breaks a rule that holds in every state, such as a backup of nothing. Codes: '<aggregate>.<reason>'. */
export class Refused extends DomainError {
  readonly code: string;

  constructor(code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message, details);
    this.code = code;
  }
}

/** A stored event that this version of the house cannot read. Codes: 'event.malformed', 'event.unknown_type', 'event.too_new'. */
export class UnreadableEvent extends DomainError {
  readonly code: `event.${'malformed' | 'unknown_type' | 'too_new'}`;

  constructor(reason: 'malformed' | 'unknown_type' | 'too_new', message: string, details?: Readonly<Record<string, unknown>>) {
    super(message, details);
    this.code = `event.${reason}`;
  }
}
