import { randomUUID } from 'node:crypto';
import { EventStore, migrate, openDatabase, type Queryable, rows, sqlMigration } from '@dr/event-store';
import type { DataSource } from 'typeorm';
import { freshDatabase } from '../../../../test/support/servers.ts';
import type { ClaimedJob, NewJob } from '../job.ts';
import { JobQueue, type JobQueueOptions } from '../job-queue.ts';
import { jobMigrations } from '../schema.ts';

export interface TestJobs extends AsyncDisposable {
  app: DataSource;
  superuser: DataSource;
  queue: JobQueue;
  store: EventStore;
  url: string;
}

const done = sqlMigration(
  'CreateDone1764100000000',
  'CREATE TABLE effects (job_id text, worker text, token bigint); GRANT ALL ON effects TO dr_app',
);

export async function testJobs(options: JobQueueOptions = {}): Promise<TestJobs> {
  const urls = await freshDatabase();
  const open = (url: string) => openDatabase({ url, applicationName: 'jobs spec', poolMax: 20 });
  const [owner, app, superuser] = await Promise.all([open(urls.adminUrl), open(urls.appUrl), open(urls.superUrl)]);
  await migrate(owner, [...jobMigrations, done]);
  await owner.destroy();
  const close = async () => {
    await Promise.all([app.destroy(), superuser.destroy()]);
    await urls.drop();
  };
  const store = new EventStore(app, { now: () => 0, newEventId: randomUUID });
  return { app, superuser, store, url: urls.appUrl, queue: new JobQueue(app, options), [Symbol.asyncDispose]: close };
}

export const job = (jobId: string, tenant = 'acme', more: Partial<NewJob> = {}): NewJob => ({
  jobId,
  kind: 'capture',
  tenant,
  operationId: 'backup-1',
  payload: { n: 1 },
  ...more,
});

/** An effect that must happen once per job. */
export async function effect(tx: Queryable, { jobId, worker, token }: ClaimedJob): Promise<undefined> {
  await tx.query('INSERT INTO effects VALUES ($1, $2, $3)', [jobId, worker, token]);
}

export const effects = (on: Queryable): Promise<{ job_id: string; worker: string; token: string }[]> =>
  rows(on, 'SELECT * FROM effects ORDER BY job_id');

/** Lets a lease run out without waiting for it. */
export const expire = (t: TestJobs, jobId: string) =>
  t.superuser.query(`UPDATE jobs SET lease_until = clock_timestamp() - interval '1 s' WHERE job_id = $1`, [jobId]);

export async function until(probe: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`Waited 15 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
