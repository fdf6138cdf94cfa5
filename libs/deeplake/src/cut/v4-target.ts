import { type LogFile, readCatalog } from '../v4/catalog.ts';
import { History } from '../v4/history.ts';
import { CannotCut, NotThatFarBack } from './errors.ts';
import { type Reach, reachOfMoment, reachOfVersion } from './v4-reach.ts';
import type { V4Reading } from './v4-reading.ts';
import { chooseV4 } from './v4-wish.ts';
import type { VersionWish } from './version-cut.ts';

/** What a wish comes to, before any file is looked at. */
export interface Target {
  readonly history: History;
  readonly meta: readonly LogFile[];
  readonly reach: Reach;
  readonly branch: string;
  readonly version: string;
  /** Entries of the meta log that name no version are kept up to here, and so are inserts that wait in the insert log. */
  readonly untilMs: number;
}

export const targetOf = (reading: V4Reading, wish: VersionWish): Target =>
  wish.asOfMs === undefined ? targetOfName(reading, wish.version) : targetOfMoment(reading, wish.asOfMs);

function targetOfName(reading: V4Reading, name: string): Target {
  const { history, meta, timeOf } = reading;
  const { branch, version, isHead } = chooseV4(history, name);
  const owner = history.ownerOf(branch.id, version);
  const file = owner === undefined ? undefined : history.logs.get(owner)!.find((log) => log.name.version === version);
  const untilMs = (isHead || !file ? undefined : timeOf(file)) ?? Number.POSITIVE_INFINITY;
  return { history, meta, reach: reachOfVersion(history, branch.id, version), branch: branch.id, version, untilMs };
}

/** The meta log up to the moment says which branches there were. @throws NotThatFarBack when there was no data set yet. */
function targetOfMoment({ meta, history: whole, timeOf }: V4Reading, asOfMs: number): Target {
  const isBy = (file: LogFile): boolean => (timeOf(file) ?? Number.POSITIVE_INFINITY) <= asOfMs;
  const later = meta.findIndex((file) => !isBy(file));
  const known = later < 0 ? meta : meta.slice(0, later);
  if (known.length === 0) throw new NotThatFarBack(asOfMs, meta[0] && timeOf(meta[0]));
  const history = new History(readCatalog(known), whole.logs);
  const reach = reachOfMoment(history, isBy);
  const main = [...history.catalog.branches.values()].find(({ parent }) => parent === undefined);
  if (!main) throw new CannotCut('The meta log names no root branch.');
  return { history, meta: known, reach, branch: main.id, version: reach.get(main.id)!, untilMs: asOfMs };
}
