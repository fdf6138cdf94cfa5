import { DrError } from '@dr/storage';

/** One thing wrong with the configuration. `key` is what the user typed or should have typed: a variable, a YAML path or a flag. */
export interface ConfigProblem {
  readonly key: string;
  readonly message: string;
}

/** Everything that is wrong with the configuration, in one error, so that a user mends it in one go. */
export class ConfigurationError extends DrError {
  readonly code = 'config.invalid';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ key, message }) => `  ${key}: ${message}`);
    super(`The configuration has ${problems.length} problem(s). Correct them and start again:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** The passphrase could not be had from the place that the configuration names. */
export class PassphraseUnavailable extends DrError {
  readonly code = 'config.passphrase_unavailable';
}
