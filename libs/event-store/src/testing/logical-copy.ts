import type { DataSource } from 'typeorm';
import { rows } from '../database.ts';

const TABLES = ['streams', 'events', 'command_dedup', 'unsealed', 'event_log', 'processors', 'live_projections'];

/** What pg_dump and a restore of the data do: every row as it is, transaction ids of the old cluster included; of sequences, nothing. Superusers on both sides. */
export async function logicalCopy(from: DataSource, to: DataSource): Promise<void> {
  await to.transaction(async (tx) => {
    await tx.query('SET LOCAL session_replication_role = replica');
    for (const table of TABLES) {
      const [content] = await rows<{ json: string }>(from, `SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]')::text AS json FROM ${table} t`);
      await tx.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`, [content!.json]);
    }
  });
}

/** Uses up transaction ids of the cluster, each in a transaction of its own. */
export async function burnTransactionIds(database: DataSource, count: number): Promise<void> {
  await database.query(`DO $$ BEGIN FOR i IN 1..${count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`);
}
