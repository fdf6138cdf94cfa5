import { DrError } from '@dr/storage';

/** Bytes that do not have the layout they should have. Parsers throw it; the checks turn it into a finding, so callers rarely see it. */
export class Malformed extends DrError {
  readonly code = 'deeplake.malformed';
  constructor(what: string) {
    super(what);
  }
}

/** `capturePlan.files` was read a second time; the order of a capture is only safe once. */
export class PlanAlreadyRead extends DrError {
  readonly code = 'deeplake.plan_already_read';
  constructor() {
    super('The capture plan was read before, so its listing is out of date. Call planCapture again for another capture.');
  }
}

/** A message of any thrown value, for findings. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
