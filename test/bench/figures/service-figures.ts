import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AppendFigures, measureAppends } from './append.ts';
import { type FilledHouse, type ListsAtSize, measureHouseLists } from './house-figures.ts';
import { measureRebuild, type RebuildFigures } from './rebuild.ts';
import { measureRelayLag, type RelayFigures } from './relay-lag.ts';
import type { BenchServers } from './servers.ts';
import { measureTotalLoss, type StartedHouse, type TotalLossFigures } from './total-loss.ts';
import { type AskedHouse, measureUnchanged, type UnchangedFigures } from './unchanged.ts';

export interface ServiceFigures {
  readonly append?: AppendFigures;
  readonly relay?: RelayFigures;
  readonly rebuild?: RebuildFigures;
  readonly unchanged?: UnchangedFigures;
  readonly lists?: readonly ListsAtSize[];
  readonly loss?: TotalLossFigures;
}

export const FIGURES = ['append', 'relay', 'rebuild', 'unchanged', 'lists', 'loss'] as const;
export type FigureName = (typeof FIGURES)[number];

/** How much is done for each figure. */
export interface Sizes {
  readonly appendsPerWriter: number;
  readonly relay: { readonly seconds: number; readonly perSecond: number };
  readonly rebuildBackups: number;
  readonly unchangedTimes: number;
  readonly lists: { readonly backups: readonly number[]; readonly times: number };
  readonly lossBackups: number;
}

/** What the figures of docs/performance.md were taken with. */
export const FULL: Sizes = {
  appendsPerWriter: 2_000,
  relay: { seconds: 30, perSecond: 1_000 },
  rebuildBackups: 50_000,
  unchangedTimes: 100,
  lists: { backups: [100_000, 1_000_000], times: 200 },
  lossBackups: 10_000,
};

type BenchHouse = AskedHouse & FilledHouse & { stop(): Promise<void> };

export interface FigureOptions {
  readonly only: readonly FigureName[];
  readonly sizes: Sizes;
  /** A small data set. */
  readonly dataset: string;
  readonly startServers: () => Promise<BenchServers>;
  /** An empty house with these settings. */
  readonly startHouse: (settings?: Record<string, string>) => Promise<BenchHouse>;
  /** For what is made on the way. */
  readonly work: string;
  readonly say: (line: string) => void;
}

/** Figures of the services, each on servers and folders of its own, one after the other. */
export async function serviceFigures(options: FigureOptions): Promise<ServiceFigures> {
  const wants = (...names: FigureName[]) => names.some((name) => options.only.includes(name));
  return {
    ...(wants('append', 'relay', 'rebuild') && (await onServers(options))),
    ...(wants('unchanged', 'lists') && (await inHouse(options))),
    ...(wants('loss') && (await afterLoss(options))),
  };
}

async function onServers({ startServers, sizes, only, say }: FigureOptions): Promise<ServiceFigures> {
  const servers = await startServers();
  const figure = figureSayer(only, say);
  try {
    return {
      ...(await figure('append', () => measureAppends(servers, sizes.appendsPerWriter))),
      ...(await figure('relay', () => measureRelayLag(servers, sizes.relay))),
      ...(await figure('rebuild', () => measureRebuild(servers, sizes.rebuildBackups))),
    };
  } finally {
    await servers.stop();
  }
}

async function inHouse({ startHouse, sizes, dataset, only, say }: FigureOptions): Promise<ServiceFigures> {
  const house = await startHouse();
  const figure = figureSayer(only, say);
  try {
    return {
      ...(await figure('unchanged', () => measureUnchanged(house, dataset, sizes.unchangedTimes))),
      ...(await figure('lists', () => measureHouseLists(house, sizes.lists.backups, sizes.lists.times))),
    };
  } finally {
    await house.stop();
    await rm(house.home, { recursive: true, force: true });
  }
}

async function afterLoss({ startHouse, sizes, work, only, say }: FigureOptions): Promise<ServiceFigures> {
  const folder = await mkdtemp(join(work, 'dr-bench-lost-'));
  try {
    return await figureSayer(only, say)('loss', () =>
      measureTotalLoss({
        repository: join(folder, 'repository'),
        backups: sizes.lossBackups,
        start: (settings) => onceOnly(startHouse, settings),
      }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A house whose home goes with it. */
async function onceOnly(startHouse: FigureOptions['startHouse'], settings: Record<string, string>): Promise<StartedHouse> {
  const house = await startHouse(settings);
  const stop = async () => {
    await house.stop();
    await rm(house.home, { recursive: true, force: true });
  };
  return { call: (method, path) => house.call(method, path), stop };
}

/** Measures what is wanted, and says so when it is done. */
const figureSayer =
  (only: readonly FigureName[], say: (line: string) => void) =>
  async <Name extends FigureName, Figure>(name: Name, measure: () => Promise<Figure>): Promise<{ [name in Name]?: Figure }> => {
    if (!only.includes(name)) return {};
    const figure = await measure();
    say(`service  ${name}`);
    return { [name]: figure } as { [name in Name]?: Figure };
  };
