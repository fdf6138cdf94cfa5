import { DrError } from '@dr/storage';

/** An item of system state could not be captured, for a reason of its own. */
export class ItemFailed extends DrError {
  readonly code: string;
  /** What is for the operator only, such as what a command wrote. */
  readonly said: string | undefined;

  constructor(code: `system_state.${string}`, message: string, said?: string) {
    super(message);
    this.code = code;
    this.said = said;
  }
}
