/** A PostgreSQL of one spec's own, to be killed: what it has committed outlives the kill, as in production. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseOn, freshDir, type TestDatabase } from './servers.ts';
import { asSuperuser, spawnPostgres, startPostgres } from './spawn-servers.ts';

export interface OwnPostgres extends AsyncDisposable {
  database: TestDatabase;
  /** kill -9 of the server; its sessions end with it. */
  kill(): void;
  /** The same cluster on the same port. */
  restart(): Promise<void>;
}

/** Processes die by kill -9, the machine does not: commits reach the kernel before they are told, and need not reach the disk. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'on' };
const STARTS_MAX = 40;

export async function ownPostgres(): Promise<OwnPostgres> {
  const folder = freshDir('own-postgres');
  const server = await spawnPostgres(folder, SETTINGS);
  let pid = server.pid;
  /** Sessions of the killed server may hold its shared memory for a moment: until then a new one gives up. */
  const restart = async () => {
    for (let starts = 1; ; starts++) {
      try {
        const started = await startPostgres(folder, server.port, SETTINGS);
        pid = started.pid;
        return await untilItAnswers(started.child);
      } catch (error) {
        if (starts === STARTS_MAX) throw error;
        await pause(100);
      }
    }
  };
  /** It listens before it knows whether it may run. */
  const untilItAnswers = async (child: ChildProcess) => {
    const exited = once(child, 'exit').then(() => Promise.reject(new Error('PostgreSQL gave up')));
    await Promise.race([exited, asSuperuser(server, 'postgres', 'SELECT 1')]);
    exited.catch(() => undefined);
  };
  return {
    database: { ...(await databaseOn(server, 'own')), drop: async () => undefined },
    kill: () => void process.kill(pid, 'SIGKILL'),
    restart,
    [Symbol.asyncDispose]: async () => void process.kill(pid, 'SIGQUIT'),
  };
}
