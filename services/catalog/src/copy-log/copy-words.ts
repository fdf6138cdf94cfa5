import { changedCount, type Queryable, rows } from '@dr/event-store';
import type { Repository } from '@dr/repository';

/** Rows per round. */
const PAGE = 200;

interface WordsRow {
  operation_id: string;
  tenant: string;
  description: string | null;
  metadata: Record<string, unknown>;
  cancel_reason: string | null;
  copy_number: number;
}

export const NOT_COPIED = `
SELECT operation_id, tenant, description, metadata, cancel_reason, copy_number FROM operation_texts WHERE NOT copied LIMIT ${PAGE}`;

const KEEP = `
UPDATE operation_texts SET copied = (description IS NOT DISTINCT FROM $3 AND metadata = $4 AND cancel_reason IS NOT DISTINCT FROM $5), copy_number = $2
 WHERE operation_id = $1`;

/** `*` is everybody's: keys of all tenants have words too. */
const ownerOf = (tenant: string): string | undefined => (tenant === '*' ? undefined : tenant);

/** Copies words that are new or were changed. @returns whether there may be more */
export async function copyWords(on: Queryable, repository: Repository): Promise<boolean> {
  const found = await rows<WordsRow>(on, NOT_COPIED);
  for (const row of found) {
    const { operation_id: id, tenant, description, metadata, cancel_reason, copy_number } = row;
    const words = await repository.words(ownerOf(tenant));
    let n = copy_number + 1;
    while ((await words.put({ id, n, value: { description, metadata, cancel_reason } })) === 'exists') n += 1;
    await changedCount(on, KEEP, [id, n, description, JSON.stringify(metadata), cancel_reason]);
  }
  return found.length === PAGE;
}

const BRING_BACK = `
INSERT INTO operation_texts (operation_id, tenant, description, metadata, cancel_reason, copied, copy_number)
SELECT w.operation_id, $1, w.description, w.metadata, w.cancel_reason, true, w.n
  FROM unnest($2::text[], $3::int[], $4::text[], $5::jsonb[], $6::text[]) AS w (operation_id, n, description, metadata, cancel_reason)
    ON CONFLICT (operation_id) DO NOTHING`;

/** Brings back the words that the database lacks. @returns the objects that could not be read */
export async function bringWordsBack(on: Queryable, repository: Repository): Promise<string[]> {
  const damaged: string[] = [];
  for (const tenant of [...(await repository.tenants({ onDamaged: () => undefined })), '*']) {
    const words = await (await repository.words(ownerOf(tenant))).all(({ object }) => damaged.push(object));
    const column = <T>(of: (one: (typeof words)[number]) => T): T[] => words.map(of);
    await on.query(BRING_BACK, [
      tenant,
      column(({ id }) => id),
      column(({ n }) => n),
      column(({ value }) => value['description'] ?? null),
      column(({ value }) => JSON.stringify(value['metadata'] ?? {})),
      column(({ value }) => value['cancel_reason'] ?? null),
    ]);
  }
  return damaged;
}
