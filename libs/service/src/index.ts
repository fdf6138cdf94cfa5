/**
 * The frame that every service shares: configuration, log, database, event store, jobs and bus opened in one place (`House`), health,
 * a clean start and a clean end. A service is a Nest module, a `main.ts` of a few lines, and its own slices.
 */
export { type CommandMeta, commandMeta } from './command-meta.ts';
export type { IsPast } from './ended-operations.ts';
export { type Health, type HealthCheck, ServiceHealth } from './health.ts';
export { type CommandEnd, type CommandRun, runCommand } from './hooks/run-command.ts';
export { type HookSurroundings, runHook } from './hooks/run-hook.ts';
export { HouseModule, InjectHouse } from './house.module.ts';
export { admit, type House, nudgeSequencer, refuseFull } from './house.ts';
export { FORGOTTEN_AT_ONCE, startForgetting, startHousekeeping } from './housekeeping.ts';
export { startWorker, type Traced, type WorkerSetting } from './job-workers.ts';
export { ForeignLog, RepositoryGone, RepositoryRolledBack } from './log-copy/errors.ts';
export { LogCopy, type Reconciled } from './log-copy/log-copy.ts';
export { GIVEN_UP, mayWriteAs, refuseReadOnly } from './log-copy/may-write.ts';
export { HeadsMemory, highest, lacksOf, type SeenHeads, seenHeads } from './log-copy/remembered.ts';
export { LOG_READINESS, type LogReadiness, requireComparedLog } from './log-copy/require-compared-log.ts';
export { type PlannerSetting, startPlanner } from './planner.ts';
export { type ProcessorSetting, startProcessor } from './processors.ts';
export { RepositoryAccess, type RepositoryAccessOptions } from './repository-access.ts';
export { runService, type StartedService } from './run-service.ts';
