import { copyLag, type Queryable, rows } from '@dr/event-store';
import type { LogPart, Repository } from '@dr/repository';

/** What `dr catalog rebuild` answers: what the house has, and whether the repository could give it back once more. */
export interface CopyReport {
  readonly uri: string;
  readonly repository_id: string | null;
  /** Events of the log, and how many of them are in the repository. */
  readonly events: number;
  readonly copied: number;
  readonly behind: number;
  readonly behind_ms: number;
  readonly epoch: number;
  /** Segments that cannot be read, with the positions that are lost with them. */
  readonly unreadable: readonly { readonly object: string; readonly from: number; readonly to: number | null; readonly reason: string }[];
  /** Backups by how the log knows them. */
  readonly backups: number;
  readonly recovered: number;
  /** Events that came back from the repository, ever; and logs that parted from their copy. */
  readonly imported: number;
  readonly forks: number;
}

const COUNTS = `
SELECT count(*) FILTER (WHERE type IN ('BackupRequested', 'BackupRecovered')) AS backups,
       count(*) FILTER (WHERE type = 'BackupRecovered') AS recovered, count(*) FILTER (WHERE type = 'LogForked') AS forks
  FROM events WHERE type IN ('BackupRequested', 'BackupRecovered', 'LogForked')`;

const IMPORTS = `
SELECT coalesce(sum((j -> 'data' ->> 'last')::bigint - (j -> 'data' ->> 'first')::bigint + 1), 0) AS imported
  FROM events, LATERAL (SELECT convert_from(body, 'UTF8')::jsonb) AS parsed (j) WHERE type = 'LogImported'`;

/** Reads every segment of the copy and checks its chain. @throws what opening and reading the repository throw */
export async function checkCopy(on: Queryable, uri: string, open: () => Promise<Repository | undefined>): Promise<CopyReport> {
  const repository = await open();
  const found = repository ? await readAll(repository) : { last: 0, epoch: 0, breaks: [] };
  const lag = await copyLag(on, found.last);
  const [counts] = await rows<Record<'backups' | 'recovered' | 'forks', string>>(on, COUNTS);
  const [imports] = await rows<{ imported: string }>(on, IMPORTS);
  return {
    uri,
    repository_id: repository?.id ?? null,
    events: lag.head,
    copied: found.last,
    behind: lag.behind,
    behind_ms: lag.ageMs,
    epoch: found.epoch,
    unreadable: found.breaks.map(({ object, from, to, reason }) => ({ object, from, to: to ?? null, reason })),
    backups: Number(counts!.backups),
    recovered: Number(counts!.recovered),
    forks: Number(counts!.forks),
    imported: Number(imports!.imported),
  };
}

async function readAll(repository: Repository) {
  const breaks: Extract<LogPart, { kind: 'break' }>[] = [];
  let [last, epoch] = [0, 0];
  for await (const part of (await repository.log()).parts(0)) {
    if (part.kind === 'break') breaks.push(part);
    else [last, epoch] = [part.segment.last, Math.max(epoch, part.segment.epoch)];
  }
  return { last, epoch, breaks };
}
