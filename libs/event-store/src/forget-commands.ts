import { type Queryable, rows } from './database.ts';
import { APP_ROLE } from './schema/access.ts';
import { sqlMigration } from './sql-migration.ts';

/** The services' role may forget old command ids by this function only. At most 10,000 at a time, so that appends wait for none of it. */
export const forgetCommandsMigration = sqlMigration(
  'ForgetCommands1764200002000',
  `
CREATE INDEX command_dedup_created ON command_dedup (created_at);
CREATE FUNCTION forget_commands(p_older_than_ms bigint) RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH old AS (
    SELECT command_id FROM command_dedup WHERE created_at < clock_timestamp() - p_older_than_ms * interval '1 ms'
     ORDER BY created_at LIMIT 10000 FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM command_dedup d USING old WHERE d.command_id = old.command_id RETURNING 1
  )
  SELECT count(*)::int FROM gone
$$;
REVOKE ALL ON FUNCTION forget_commands FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_commands TO ${APP_ROLE};
`,
);

/**
 * Forgets the ids of commands that were carried out more than `olderThanMs` ago, at most 10,000. Such a command sent again would be decided
 * again: deciders answer a repeated command with no event, or refuse it by what the state says.
 * @returns how many; 10,000 means that there may be more
 */
export async function forgetCommands(on: Queryable, olderThanMs: number): Promise<number> {
  const [answer] = await rows<{ n: number }>(on, 'SELECT forget_commands($1) AS n', [olderThanMs]);
  return answer!.n;
}
