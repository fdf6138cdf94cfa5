import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Queryable, type RememberedHeads, rememberedHeads, rememberHeads } from '@dr/event-store';
import { type LogArchive, type Repository, stepsOf } from '@dr/repository';

/** What a repository shows now, of what is remembered. */
export type SeenHeads = Omit<RememberedHeads, 'adoptions' | 'lacks'>;

/**
 * What was seen of each repository, in the database and in a file of DR_HOME: an older copy of one of them cannot hide that the repository went
 * back with it. The file is written after the row, both whole.
 */
export class HeadsMemory {
  private readonly database: Queryable;
  private readonly file: string;

  constructor(database: Queryable, file: string) {
    this.database = database;
    this.file = file;
  }

  /** Of every repository that either remembers, the newer one of the two. */
  async all(): Promise<RememberedHeads[]> {
    const [rows, file] = [await rememberedHeads(this.database), await this.inFile()];
    const ids = new Set([...rows.map(({ repositoryId }) => repositoryId), ...Object.keys(file)]);
    return [...ids].map((id) =>
      newer(
        rows.find((row) => row.repositoryId === id),
        file[id],
      ),
    );
  }

  async of(repositoryId: string): Promise<RememberedHeads | undefined> {
    return (await this.all()).find((heads) => heads.repositoryId === repositoryId);
  }

  async remember(heads: RememberedHeads): Promise<void> {
    await rememberHeads(this.database, heads);
    const all = { ...(await this.inFile()), [heads.repositoryId]: heads };
    await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    await writeFile(`${this.file}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
    await rename(`${this.file}.new`, this.file);
  }

  /** A file that is no JSON (a full disk, an old crash) remembers nothing. */
  private async inFile(): Promise<Record<string, RememberedHeads>> {
    try {
      return JSON.parse(await readFile(this.file, 'utf8')) as Record<string, RememberedHeads>;
    } catch (error) {
      if (error instanceof SyntaxError || (error as { code?: unknown }).code === 'ENOENT') return {};
      throw error;
    }
  }
}

function newer(a: RememberedHeads | undefined, b: RememberedHeads | undefined): RememberedHeads {
  if (!a || !b) return (a ?? b)!;
  if (a.adoptions !== b.adoptions) return a.adoptions > b.adoptions ? a : b;
  const ahead = a.epoch > b.epoch || (a.epoch === b.epoch && a.position >= b.position) ? a : b;
  return { ...ahead, ledgers: highest(a.ledgers, b.ledgers) };
}

/** The higher number of each ledger. */
export function highest(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const tags = [...Object.keys(a), ...Object.keys(b)];
  return Object.fromEntries(tags.map((tag) => [tag, Math.max(a[tag] ?? 0, b[tag] ?? 0)]));
}

/** Looks at the names of the log's segments, the newest segment, and the ledgers. A newest segment that is damaged counts as whole: it is there. */
export async function seenHeads(repository: Repository): Promise<SeenHeads> {
  const [log, ledgers] = [await repository.log(), await repository.ledgers()];
  const newest = stepsOf(await log.names()).at(-1);
  const repositoryId = repository.id;
  if (!newest) return { repositoryId, epoch: 1, position: 0, hash: '', ledgers };
  const { epoch, first } = newest;
  const segment = await readable(log, newest);
  return { repositoryId, epoch, position: segment?.last ?? Number.MAX_SAFE_INTEGER, hash: segment?.hash ?? `damaged ${first}`, ledgers };
}

async function readable(log: LogArchive, name: { epoch: number; first: number }) {
  try {
    return await log.read(name);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'repository.damaged') return undefined;
    throw error;
  }
}

/** In words, what a repository shows less of than is remembered; empty = nothing. */
export function lacksOf(remembered: RememberedHeads, seen: SeenHeads): string[] {
  const lacks: string[] = [];
  const isBehind = seen.epoch < remembered.epoch || (seen.epoch === remembered.epoch && seen.position < remembered.position);
  if (isBehind) {
    const [shown, known] = [seen, remembered].map(({ epoch, position }) => `epoch ${epoch}, position ${position}`);
    lacks.push(`the event log's copy ends at ${shown}, and has been at ${known}`);
  }
  for (const [tag, number] of Object.entries(remembered.ledgers)) {
    const shown = seen.ledgers[tag] ?? 0;
    if (shown < number) lacks.push(`the ledger t/${tag} ends with plan ${shown}, and has been at ${number}`);
  }
  return lacks;
}
