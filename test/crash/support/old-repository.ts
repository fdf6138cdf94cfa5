import { encodeBody } from '@dr/event-store';
import { CHAIN_START, chained, chainedAll, type LogArchive, openRepository } from '@dr/repository';
import { openStore } from '@dr/storage';
import { recordedOf } from '../../bench/figures/fill-log.ts';
import { generatedLog } from '../../bench/figures/life-cycles.ts';
import { makeLostRepository, PASSPHRASE } from '../../bench/figures/lost-repository.ts';

export { PASSPHRASE };

/** Backups that are really in the repository, and those of which the log alone tells: it is what takes its time. */
const REAL = 25;
const TOLD = 2_500;
const SEGMENT_EVENTS = 200;

/** An event as the log has it: where, which, and the chain's hash behind it. */
export interface Place {
  readonly position: string;
  readonly event_id: string;
  readonly hash: string;
}

export interface Copy {
  readonly places: readonly Place[];
  /** By epoch and first position. */
  readonly segments: readonly string[];
  readonly breaks: number;
}

/** What a lost house of long life leaves: backups, and a log of more than ten thousand events in a hundred segments. */
export async function makeOldRepository(folder: string): Promise<Copy> {
  const position = await makeLostRepository(folder, REAL);
  const { places } = await readCopy(folder);
  await inLog(folder, 'write', (log) => putTail(log, position, places.at(-1)!.hash));
  return readCopy(folder);
}

async function putTail(log: LogArchive, after: number, hash: string): Promise<void> {
  const bodies = [...generatedLog(TOLD)].map((event) => encodeBody(recordedOf(event)));
  let previous = hash;
  for (let from = 0; from < bodies.length; from += SEGMENT_EVENTS) {
    const some = bodies.slice(from, from + SEGMENT_EVENTS);
    await log.put({ epoch: 1, first: after + from + 1, previous, bodies: some });
    previous = chainedAll(previous, some);
  }
}

/** The log's copy as it stands there, whatever the house that writes it is doing. */
export function readCopy(folder: string): Promise<Copy> {
  return inLog(folder, 'read', async (log) => {
    const places: Place[] = [];
    let [hash, breaks] = [CHAIN_START, 0];
    for await (const part of log.parts(0)) {
      if (part.kind === 'break') breaks += 1;
      else
        for (const body of part.segment.bodies) {
          hash = chained(hash, body);
          places.push(placeOf(body, places.length + 1, hash));
        }
    }
    const segments = (await log.names()).map(({ epoch, first }) => `${epoch}/${first}`);
    return { places, segments, breaks };
  });
}

const placeOf = (body: Uint8Array, position: number, hash: string): Place => ({
  position: String(position),
  event_id: (JSON.parse(Buffer.from(body).toString()) as { eventId: string }).eventId,
  hash,
});

async function inLog<T>(folder: string, mode: 'read' | 'write', use: (log: LogArchive) => Promise<T>): Promise<T> {
  const store = await openStore(folder, { mode });
  const repository = await openRepository(store, { unlock: { passphrase: async () => PASSPHRASE }, now: Date.now, mode, workers: 1 });
  try {
    return await use(await repository.log());
  } finally {
    await repository.close();
    await store.close();
  }
}
