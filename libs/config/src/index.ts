export { type EffectiveValue, effectiveConfig } from './effective-config.ts';
export { type ConfigProblem, ConfigurationError, PassphraseUnavailable } from './errors.ts';
export type { Hook, SystemItem } from './file-shapes.ts';
export { readFlags, START_FLAGS } from './flags.ts';
export { newBackupId, newRestoreId, newVerificationId, requestedAt, stateAt, uuidv7 } from './ids.ts';
export type { Origin } from './layers.ts';
export { type Config, type ConfigWith, type LoadOptions, loadConfig, type Need } from './load-config.ts';
export { type PassphraseSource, readPassphrase } from './passphrase.ts';
export { type Protection, passphraseNeeded } from './protection.ts';
export {
  type Clock,
  type Environment,
  monotonicClock,
  systemClock,
  systemCores,
  systemEnvironment,
  systemFolder,
  systemReadFile,
  systemRealPath,
} from './system.ts';
export { isDataset, systemStateId, systemStateName, withoutSystemState } from './system-state.ts';
