import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command, Contestant, Place } from './contestant.ts';
import { type Measured, runMeasured } from './run-measured.ts';
import { bytesIn, copyFolder, differences, updateInPlace } from './source-folder.ts';

export interface Sample extends Measured {
  readonly contestant: string;
  readonly step: string;
  /** Of the repository after the step. */
  readonly repositoryBytes: number;
}

export interface SequenceOptions {
  /** The first is what is backed up first; the others are what it becomes. */
  readonly sources: readonly string[];
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  /** Where repositories and copies go; default a temporary folder. */
  readonly work?: string;
  readonly say: (line: string) => void;
  /** After a change, before it is backed up: files must be older than the clock's tick for every engine. */
  readonly restMs?: number;
}

interface Entry {
  readonly contestant: Contestant;
  readonly place: Place;
}

/** first, unchanged, one per changed source, restore, verify. */
export const stepsOf = (sources: readonly string[]): string[] => [
  'first',
  'unchanged',
  ...sources.slice(1).map((_, i) => `change ${i + 1}`),
  'restore',
  'verify',
];

/** Runs the whole sequence `rounds` times, one contestant after the other within each step, beginning with another one each round. */
export async function runSequence(options: SequenceOptions): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const work = await mkdtemp(join(options.work ?? tmpdir(), 'dr-bench-'));
    try {
      samples.push(...(await oneRound(options, work, round)));
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return samples;
}

async function oneRound({ sources, contestants, say, restMs = 1500 }: SequenceOptions, work: string, round: number): Promise<Sample[]> {
  const source = join(work, 'source');
  await copyFolder(sources[0]!, source);
  const entries = rotated(await prepared(contestants, work), round);
  const samples: Sample[] = [];
  const measure = async (step: string, command: (entry: Entry) => Command): Promise<void> => {
    for (const entry of entries) samples.push(await sample(entry, step, command(entry)));
    say(`round ${round + 1}  ${step}`);
  };
  await bytesIn(source);
  await pause(restMs);
  await measure('first', ({ contestant, place }) => contestant.backUp(place, source, 0));
  await measure('unchanged', ({ contestant, place }) => contestant.backUp(place, source, 1));
  for (const [i, next] of sources.slice(1).entries()) {
    await updateInPlace(source, next);
    await pause(restMs);
    await measure(`change ${i + 1}`, ({ contestant, place }) => contestant.backUp(place, source, i + 2));
  }
  for (const entry of entries) samples.push(await restored(entry, source, sources.length, round === 0));
  say(`round ${round + 1}  restore`);
  await measure('verify', ({ contestant, place }) => contestant.verify(place));
  return samples;
}

async function prepared(contestants: readonly Contestant[], work: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const contestant of contestants) {
    const folder = join(work, contestant.name);
    const place = { repository: join(folder, 'repository'), state: join(folder, 'state') };
    for (const made of Object.values(place)) await mkdir(made, { recursive: true });
    for (const command of contestant.init(place)) await runMeasured(command);
    entries.push({ contestant, place });
  }
  return entries;
}

/** What was written before is on the disk when the clock starts: nobody waits for what another left in the system's memory. */
async function sample({ contestant, place }: Entry, step: string, command: Command): Promise<Sample> {
  await runMeasured({ argv: ['sync'] });
  const measured = await runMeasured(command);
  return { contestant: contestant.name, step, ...measured, repositoryBytes: await bytesIn(place.repository) };
}

/** @throws when what came back is not what was backed up. */
async function restored(entry: Entry, source: string, backups: number, check: boolean): Promise<Sample> {
  const target = join(entry.place.state, 'restored');
  await mkdir(target);
  const { contestant, place } = entry;
  const measured = await sample(entry, 'restore', contestant.restore(place, source, backups, target));
  const different = check ? (await differences(source, contestant.restoredAt(source, target))).filter(matters) : [];
  await rm(target, { recursive: true });
  if (different.length > 0) throw new Error(`${contestant.name} restored ${different.length} files wrong, among them ${different[0]}`);
  return measured;
}

/** Our plans leave out lock files, counters and claims of running writers, which a restore makes anew. */
const matters = (path: string): boolean => !/(\.lock|next_base|next_base_.*|_lock.*|\.tmp)$/.test(path);

const rotated = <T>(items: readonly T[], by: number): T[] => items.map((_, i) => items[(i + by) % items.length]!);
