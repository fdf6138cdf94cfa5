import { readdir } from 'node:fs/promises';
import type { Config } from '@dr/config';
import { copyLag, type Lags, lags, type Queryable, rememberedHeads } from '@dr/event-store';
import { RepositoryMissing } from '@dr/repository';
import { type House, RepositoryAccess } from '@dr/service';
import { StoreMissing } from '@dr/storage';

/** A part of the house beside the backends: what it needs besides room to write. */
export interface PartTest {
  name: 'passphrase' | 'source root' | 'log' | 'log copy';
  ok: boolean;
  milliseconds: number;
  detail?: string;
  error?: string;
}

/** Later than this the views are not what has happened. */
const LAG_MS_MAX = 10_000;
const BEHIND_MAX = 1_000;

type On = Pick<House, 'database' | 'now'> & { readonly config: Config };

/** Opens the repository with its passphrase, looks into the source root, and asks how far the log has been worked off. Never throws. */
export async function testParts(on: On): Promise<PartTest[]> {
  return [
    await timed('passphrase', () => openRepository(on)),
    await timed('source root', () => lookInto(on.config.deeplake.root)),
    await timed('log', async () => logDetail(await lags(on.database))),
    await timed('log copy', () => copyDetail(on.database)),
  ];
}

/** Only reads: a repository that is not there yet is made by the first backup, not by a test. */
async function openRepository({ config, now }: On): Promise<string> {
  const access = new RepositoryAccess({ config, mode: 'read', now });
  try {
    const { encryption } = await access.open();
    return encryption ? 'opens the repository' : 'not needed: the repository is not encrypted';
  } catch (error) {
    if (!(error instanceof RepositoryMissing || error instanceof StoreMissing)) throw error;
    return 'there is no repository yet; the first backup makes it';
  } finally {
    await access.close();
  }
}

async function lookInto(root: string): Promise<string> {
  const entries = await readdir(root, { withFileTypes: true });
  return `${entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).length} folders`;
}

/** @throws Error when the order of the log or a view of it is behind. */
export function logDetail({
  head,
  unsealed,
  unsealedAgeMs,
  processors,
}: Pick<Lags, 'head' | 'unsealed' | 'unsealedAgeMs' | 'processors'>): string {
  const slowest = processors.reduce((most, { behind }) => Math.max(most, behind), 0);
  const told = `${head} events; ${unsealed} wait for their place (${Math.round(unsealedAgeMs)} ms), the slowest reader is ${slowest} behind`;
  if (unsealedAgeMs > LAG_MS_MAX || slowest > BEHIND_MAX) throw new Error(told);
  return told;
}

/** Older than this, what is not copied is told as a failure: the copy comes every minute. */
const COPY_MS_MAX = 180_000;

/** How far the repository's copy of the log is behind: what a total loss now would cost the audit. */
async function copyDetail(database: Queryable): Promise<string> {
  const [heads] = await rememberedHeads(database);
  if (!heads) return 'the log is copied with the first backup';
  const { head, behind, ageMs } = await copyLag(database, heads.position);
  const told = `${heads.position} of ${head} events are in the repository; ${behind} are not, the oldest for ${Math.round(ageMs / 1000)} s`;
  if (heads.lacks.length > 0) throw new Error(`The repository is only read: ${heads.lacks.join('; ')}. See docs/operations/total-loss.md`);
  if (ageMs > COPY_MS_MAX) throw new Error(told);
  return told;
}

async function timed(name: PartTest['name'], work: () => Promise<string>): Promise<PartTest> {
  const since = performance.now();
  const milliseconds = () => Math.round((performance.now() - since) * 10) / 10;
  try {
    return { name, ok: true, detail: await work(), milliseconds: milliseconds() };
  } catch (error) {
    return { name, ok: false, milliseconds: milliseconds(), error: (error as Error).message };
  }
}
