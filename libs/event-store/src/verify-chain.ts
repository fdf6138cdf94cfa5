import { createHash } from 'node:crypto';
import { integer, type Queryable, rows } from './database.ts';
import { decodeBody } from './encoding.ts';
import { type LogHead, logHead } from './event-log.ts';

export type ChainReport = { ok: true; checked: number; head: LogHead } | { ok: false; checked: number; position: number; reason: string };

interface ChainRow {
  position: string;
  hash: Buffer;
  body: Buffer | null;
  event_id: string;
  stream: string;
  version: string;
  type: string;
  schema_version: number;
}

export const CHAIN = `
SELECT l.position, l.hash, l.event_id, e.body, e.stream, e.version, e.type, e.schema_version
  FROM event_log l LEFT JOIN events e ON e.event_id = l.event_id
 WHERE l.position BETWEEN $1 AND $2 ORDER BY l.position`;

/**
 * Recomputes the hash chain from stored bytes and compares every column with its body. Read only; from and to are inclusive.
 * @returns the first position that is wrong, and why. A cut-off tail shows only against a head kept elsewhere: pass it as `anchor`.
 */
export async function verifyChain(
  on: Queryable,
  { from = 1, to, anchor, batchMax = 1_000 }: { from?: number; to?: number; anchor?: LogHead; batchMax?: number } = {},
): Promise<ChainReport> {
  const end = Math.max(to ?? (await logHead(on)).position, anchor?.position ?? 0);
  let head: LogHead = await headBefore(on, from);
  for (let next = from; next <= end; next += batchMax) {
    const last = Math.min(next + batchMax - 1, end);
    const found = await rows<ChainRow>(on, CHAIN, [next, last]);
    for (let position = next; position <= last; position += 1) {
      const reason = fault(found[position - next], position, head, anchor);
      if (reason) return { ok: false, checked: position - from, position, reason };
      head = { position, hash: found[position - next]!.hash.toString('hex') };
    }
  }
  return { ok: true, checked: Math.max(0, end - from + 1), head };
}

async function headBefore(on: Queryable, from: number): Promise<LogHead> {
  if (from <= 1) return { position: 0, hash: '00'.repeat(32) };
  const [row] = await rows<{ hash: Buffer }>(on, 'SELECT hash FROM event_log WHERE position = $1', [from - 1]);
  return { position: from - 1, hash: row?.hash.toString('hex') ?? 'missing' };
}

function fault(row: ChainRow | undefined, position: number, before: LogHead, anchor: LogHead | undefined): string | undefined {
  if (!row || integer(row.position) !== position) return 'the position is missing from the log';
  if (!row.body) return 'the event of this position is gone';
  const hash = createHash('sha256').update(Buffer.from(before.hash, 'hex')).update(row.body).digest();
  if (!hash.equals(row.hash)) return 'the stored bytes do not give the stored hash';
  if (!columnsAgree(row, row.body)) return 'the columns differ from the hashed bytes';
  if (anchor?.position === position && anchor.hash !== row.hash.toString('hex')) return 'the chain differs from the anchor kept outside';
  return undefined;
}

function columnsAgree(row: ChainRow, body: Buffer): boolean {
  try {
    const event = decodeBody(body, `log position ${row.position}`);
    const inBody = [event.eventId, event.stream, String(event.version), event.type, event.schemaVersion];
    const columns = [row.event_id, row.stream, row.version, row.type, row.schema_version];
    return inBody.every((value, index) => value === columns[index]);
  } catch {
    return false;
  }
}
