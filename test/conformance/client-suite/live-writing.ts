import { deepStrictEqual } from 'node:assert/strict';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { discoverDatasets, inspectDataset } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import { type LiveBackup, LiveRepository, TENANT } from './live-repository.ts';
import { COUNT, numbersFrom, SEED } from './live-seed.ts';
import type { PythonClient, RunningWriter } from './python-client.ts';
import { KEEP, type Suite } from './suite.ts';

/** A data set grows while it is backed up; after this many backups another one begins, so that the client can read every version in time. */
const BACKUPS_EACH = 5;
const BETWEEN_MS_MAX = 400;
/** Journal lines before the first backup. */
const LINES_FIRST = 3;

export interface LiveCase {
  readonly name: string;
  readonly format: 'v3' | 'v4';
  readonly client: PythonClient;
  /** What `client.py write DIR JOURNAL SEED` gets besides. */
  readonly writerArgs: readonly string[];
  /** Restores and judges one backup. Throws when something is not right. */
  readonly judge: (taken: Taken) => Promise<void>;
}

/** A backup that was taken while the client wrote. */
export interface Taken {
  readonly backup: LiveBackup;
  readonly repository: LiveRepository;
  readonly journal: string;
  /** Lines of the journal when the backup began. */
  readonly since: number;
  /** A folder that is taken away afterwards. */
  readonly work: string;
}

/** Takes DR_LIVE_COUNT backups while the client writes, then judges each. Every data set and every moment follows from the seed. */
export async function backUpWhileWriting(suite: Suite, live: LiveCase): Promise<void> {
  for (let n = 0; n * BACKUPS_EACH < COUNT; n++) await round(suite, live, SEED + n, Math.min(BACKUPS_EACH, COUNT - n * BACKUPS_EACH));
}

async function round(suite: Suite, live: LiveCase, seed: number, count: number): Promise<void> {
  const work = join(suite.folder, `${live.name}-${seed}`);
  const [source, journal] = [join(work, 'source'), join(work, 'journal')];
  await mkdir(join(source, TENANT), { recursive: true });
  await using stack = new AsyncDisposableStack();
  const repository = stack.adopt(await LiveRepository.create(join(work, 'repository')), (r) => r.close());
  const writer = live.client.start([join(source, TENANT, 'set'), journal, String(seed), ...live.writerArgs]);
  stack.defer(() => writer.kill());
  await untilWritten(journal, LINES_FIRST, writer);
  const random = numbersFrom(seed);
  const all: Taken[] = [];
  while (all.length < count) {
    await pause(random() * BETWEEN_MS_MAX);
    const since = await linesOf(journal);
    const backup = await repository.backUp(source, 'set', live.format);
    await lookAtSource(source, live.format);
    writer.assertAlive();
    all.push({ backup, repository, journal, since, work: join(work, `backup${all.length}`) });
  }
  await writer.stop();
  await suite.case(`${live.name}, seed ${seed}: the source at rest passes every check, read to the last byte`, async () => {
    const { findings } = await inspectDataset(await openSourceFolder(join(source, TENANT, 'set')), { deep: true });
    deepStrictEqual(findings.filter(isTrouble), []);
  });
  for (const [i, taken] of all.entries()) {
    const { backup, since } = taken;
    await suite.case(`${live.name}, seed ${seed}, backup ${i + 1}: ${backup.status} in ${backup.ms} ms, after ${since} changes`, () =>
      live.judge(taken),
    );
    if (!KEEP) await rm(taken.work, { recursive: true, force: true });
  }
  if (!KEEP) await rm(work, { recursive: true, force: true });
}

/** Errors and warnings, but not the chunks that the client itself leaves behind when rows are popped (v3 W3). */
export const isTrouble = ({ code, severity }: { code: string; severity: string }): boolean => severity !== 'info' && code !== 'W3';

/** Under a writer, discovery sees the data set as what it is, and an inspection of the source itself comes to an end, whatever it finds. */
async function lookAtSource(source: string, format: LiveCase['format']): Promise<void> {
  const found: string[] = [];
  for await (const set of discoverDatasets(await openSourceFolder(source)))
    found.push(set.kind === 'dataset' ? `${set.path} ${set.format}` : set.path);
  deepStrictEqual(found, [`${TENANT}/set ${format}`]);
  deepStrictEqual((await inspectDataset(await openSourceFolder(join(source, TENANT, 'set')))).format, format);
}

export async function linesOf(journal: string): Promise<number> {
  return (await readFile(journal, 'utf8').catch(() => '')).split('\n').length - 1;
}

export async function untilWritten(journal: string, lines: number, writer: RunningWriter): Promise<void> {
  while ((await linesOf(journal)) < lines) {
    writer.assertAlive();
    await pause(50);
  }
}
