/**
 * The root of every error that crosses a folder's border. A message says what was being done, what went wrong and what to do next;
 * `code` ('area.reason') is stable and maps once to an HTTP status and once to an exit code; `details` are for machines and hold no secrets.
 */
export abstract class DrError extends Error {
  abstract readonly code: string;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details;
  }
}
