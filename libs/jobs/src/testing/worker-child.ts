/** A worker in a process of its own, to be killed: node --conditions=dr-source worker-child.ts <url>. Claims one job, says so, and never ends it. */
import { openDatabase } from '@dr/event-store';
import { JobQueue } from '../job-queue.ts';
import { JobWorker } from '../job-worker.ts';

const database = await openDatabase({ url: process.argv[2]!, applicationName: 'worker-child', poolMax: 3 });
new JobWorker({
  queue: new JobQueue(database),
  kind: 'capture',
  slots: 1,
  worker: 'child',
  leaseMs: 600,
  pollMs: 20,
  onDead: async () => undefined,
  run: (job) => {
    process.stdout.write(`${job.jobId}\n`);
    return new Promise(() => undefined);
  },
}).start();
