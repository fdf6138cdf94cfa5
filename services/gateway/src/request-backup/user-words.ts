import { createHash } from 'node:crypto';
import { canonicalJson } from '@dr/domain';
import type { Queryable } from '@dr/event-store';

/** What a user said of a backup. It lies in an erasable row; events hold only its digest. */
export interface UserWords {
  description?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
}

export function wordsOf({ description, metadata }: UserWords): { digest: string } | undefined {
  if (description === undefined && metadata === undefined) return undefined;
  const digest = createHash('sha256').update(canonicalJson({ description: description ?? null, metadata: metadata ?? {} }));
  return { digest: digest.digest('hex') };
}

export async function keepWords(
  tx: Queryable,
  { backupId, tenant }: { backupId: string; tenant: string },
  { description, metadata }: UserWords,
): Promise<void> {
  const sql = 'INSERT INTO operation_texts (operation_id, tenant, description, metadata) VALUES ($1, $2, $3, $4)';
  await tx.query(sql, [backupId, tenant, description ?? null, JSON.stringify(metadata ?? {})]);
}
