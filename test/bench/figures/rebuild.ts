import { type LoggedEvent, migrate, Processor, type Queryable, rows } from '@dr/event-store';
import { jobMigrations } from '@dr/jobs';
import type { DataSource } from 'typeorm';
import { migrations as catalogMigrations } from '../../../services/catalog/src/migrations.ts';
import { BATCH_EVENTS_MAX, projectEvents } from '../../../services/catalog/src/views/project-events.ts';
import { fillLog } from './fill-log.ts';
import { generatedLog } from './life-cycles.ts';
import { type BenchServers, openPools } from './servers.ts';

export interface RebuildFigures {
  readonly events: number;
  readonly seconds: number;
  readonly events_per_second: number;
}

/** The catalog's views, empty, over a log of `backups` life cycles: from position 0 to the head with the catalog's own projection. */
export async function measureRebuild(servers: BenchServers, backups: number): Promise<RebuildFigures> {
  const urls = await servers.newDatabase();
  await using pools = await openPools(urls, 4);
  await migrate(pools.owner, [...jobMigrations, ...catalogMigrations]);
  const head = await fillLog(pools.owner, generatedLog(backups));
  const begin = performance.now();
  await until(pools.app, head);
  const seconds = (performance.now() - begin) / 1000;
  const [found] = await rows<{ n: number }>(pools.app, 'SELECT count(*)::int AS n FROM catalog_backups');
  if (found!.n !== backups) throw new Error(`the catalog has ${found!.n} backups after its rebuild, the log has ${backups}`);
  return { events: head, seconds, events_per_second: head / seconds };
}

/** Runs the processor to the head, as the catalog does. @throws what it cannot process */
async function until(database: DataSource, head: number): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const handle = async (tx: Queryable, events: readonly LoggedEvent[]) => {
    await projectEvents(tx, events);
    return () => (events.at(-1)?.position === head ? ended.resolve() : undefined);
  };
  const processor = new Processor({ database, name: 'catalog', version: 1, handle, onError: ended.reject, batchMax: BATCH_EVENTS_MAX });
  processor.start();
  await ended.promise.finally(() => processor.stop());
}
