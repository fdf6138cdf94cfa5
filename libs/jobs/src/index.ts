/**
 * Hands out long work to workers. Rows in `jobs` coordinate, they are not the truth: a job is asked for by one event and ends by another.
 *
 * `JobQueue.enqueue` runs in the transaction of the process manager that saw the first event; `JobWorker` claims with a lease and a
 * fencing token, keeps the lease while the job moves, and ends the job in the transaction that appends the second event and checks the
 * token, so that a worker that was given up for dead can write nothing. Failed tries are repeated after a growing wait; after the last
 * one the job is dead and `onDead` appends the event that says so. Triggers from the bus wake workers; polling covers lost ones.
 * Give `jobMigrations` to `migrate` of @dr/event-store.
 */
export * from './errors.ts';
export { type AfterCommit, type ClaimedJob, type EndJob, type Job, type JobStatus, type NewJob, PAYLOAD_BYTES_MAX } from './job.ts';
export { type Failure, JobQueue, type JobQueueOptions, type OnDead } from './job-queue.ts';
export { type JobContext, JobWorker, type JobWorkerOptions } from './job-worker.ts';
export { admitOperation, endOperation, type Operation, type OperationLimits, openOperations, refuseWhenFull } from './open-operations.ts';
export { jobMigrations } from './schema.ts';
