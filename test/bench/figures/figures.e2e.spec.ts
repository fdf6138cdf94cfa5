/** Every figure of the services, measured on next to nothing: that what is measured works, not how fast it is. */
import { freshDatabase, freshDir, natsServer } from '../../support/servers.ts';
import { startHouse } from '../service.ts';
import { figureLines, figureTable } from './report-figures.ts';
import type { BenchServers } from './servers.ts';
import { FIGURES, type Sizes, serviceFigures } from './service-figures.ts';
import { withSmallDataset } from './small-dataset.ts';

const TINY: Sizes = {
  appendsPerWriter: 7,
  relay: { seconds: 1, perSecond: 60 },
  rebuildBackups: 60,
  unchangedTimes: 2,
  lists: { backups: [300, 700], times: 1 },
  lossBackups: 12,
};

const house = (settings?: Record<string, string>) => startHouse(undefined, settings);

/** The run's own servers. */
const servers: BenchServers = { newDatabase: freshDatabase, newBus: natsServer, stop: async () => undefined };

test('each gives figures, and the report names what is wanted of them', async () => {
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  const figures = await withSmallDataset((dataset) =>
    serviceFigures({ only: FIGURES, sizes: TINY, dataset, work: freshDir(), startServers: async () => servers, startHouse: house, say }),
  );
  expect(said).toEqual(FIGURES.map((name) => `service  ${name}`));
  expect(figures.append!.events_per_second).toBeGreaterThan(10);
  expect(figures.relay!.p99_ms).toBeLessThan(20_000);
  expect(figures.rebuild).toMatchObject({ events: expect.any(Number), seconds: expect.any(Number) });
  expect(figures.unchanged!.p50_ms).toBeGreaterThan(1);
  expect(figures.lists!.map(({ backups, http }) => [backups, http.every(({ p99_ms }) => p99_ms > 0)])).toEqual([
    [300, true],
    [700, true],
  ]);
  expect(figures.loss).toMatchObject({ backups: 12, events: 60 });
  expect(figureTable(figureLines(figures)).match(/at (least|most)/g)!.length).toBe(9);
}, 180_000);

test('only what is wanted is measured, and nothing else started', async () => {
  const never = () => Promise.reject(new Error('nobody asked for a house'));
  const figures = await serviceFigures({
    ...{ only: ['append'], sizes: TINY, dataset: '/nowhere', work: '/nowhere', startServers: async () => servers, startHouse: never },
    say: () => undefined,
  });
  expect(Object.keys(figures)).toEqual(['append']);
});
