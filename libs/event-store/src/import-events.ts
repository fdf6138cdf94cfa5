import { integer, type Queryable, rows, sqlState } from './database.ts';
import { ImportConflict } from './errors.ts';
import { APP_ROLE } from './schema/access.ts';
import { sqlMigration } from './sql-migration.ts';

/** Bodies per call: some ten megabytes at most, and a transaction of a tenth of a second. */
export const IMPORT_EVENTS_MAX = 1_000;

/**
 * Events that were sealed before come back with their positions, ids and hashes: the counterpart of seal_events. It extends the log only where
 * the log ends, by bodies that give the hash that is asked for (or whatever hash they give, when none is). An event that waits to be sealed and is the
 * same, byte for byte, is taken out of the queue; another one in its place, or under its id, is a conflict. Commands of the last 30 days are remembered.
 */
export const importMigration = sqlMigration(
  'ImportEvents1764910000000',
  `
CREATE FUNCTION import_events(p_after bigint, p_bodies bytea[], p_hash bytea, OUT head bigint, OUT hash bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_body bytea; v_hashes bytea[] := '{}';
  v_there bigint; v_new bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(7101, 1);
  SELECT l.position, l.hash INTO head, hash FROM event_log l ORDER BY l.position DESC LIMIT 1;
  IF NOT FOUND THEN head := 0; hash := decode(repeat('00', 32), 'hex'); END IF;
  IF head <> p_after OR coalesce(cardinality(p_bodies), 0) NOT BETWEEN 1 AND ${IMPORT_EVENTS_MAX} THEN
    RAISE EXCEPTION 'import_events: the log ends at %, not at %, or too many events', head, p_after USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOREACH v_body IN ARRAY p_bodies LOOP
    hash := sha256(hash || v_body);
    v_hashes := v_hashes || hash;
  END LOOP;
  IF hash <> p_hash THEN
    RAISE EXCEPTION 'import_events: the events do not give the hash that was asked for' USING ERRCODE = 'data_corrupted';
  END IF;

  WITH given AS MATERIALIZED (
    SELECT b.ord, b.body, j->>'stream' AS stream, (j->>'version')::bigint AS version, (j->>'eventId')::uuid AS event_id, j->>'type' AS type,
           (j->>'schemaVersion')::int AS schema_version, j->'meta'->>'commandId' AS command_id, (j->>'recordedAt')::timestamptz AS recorded_at
      FROM unnest(p_bodies) WITH ORDINALITY AS b (body, ord), LATERAL (SELECT convert_from(b.body, 'UTF8')::jsonb OFFSET 0) AS parsed (j)
  ), there AS (
    SELECT count(*) AS n FROM given g JOIN events e ON e.event_id = g.event_id
     WHERE e.body = g.body AND NOT EXISTS (SELECT FROM event_log l WHERE l.event_id = g.event_id)
  ), stored AS (
    INSERT INTO events (stream, version, event_id, type, schema_version, body)
    SELECT stream, version, event_id, type, schema_version, body FROM given ORDER BY ord ON CONFLICT DO NOTHING RETURNING 1
  ), reached AS (
    INSERT INTO streams AS s (stream, version) SELECT stream, max(version) FROM given GROUP BY stream
    ON CONFLICT (stream) DO UPDATE SET version = greatest(s.version, excluded.version)
  ), remembered AS (
    INSERT INTO command_dedup AS d (command_id, stream, version, created_at)
    SELECT command_id, min(stream), max(version), max(recorded_at) FROM given
     WHERE command_id IS NOT NULL AND recorded_at > clock_timestamp() - interval '30 days' GROUP BY command_id
    ON CONFLICT (command_id) DO UPDATE SET version = greatest(d.version, excluded.version) WHERE d.stream = excluded.stream
  ), logged AS (
    INSERT INTO event_log (position, event_id, hash) SELECT p_after + g.ord, g.event_id, v_hashes[g.ord] FROM given g ORDER BY g.ord
  ), unqueued AS (
    DELETE FROM unsealed u USING given g WHERE u.stream = g.stream AND u.version = g.version
  )
  SELECT there.n, (SELECT count(*) FROM stored) INTO v_there, v_new FROM there;
  IF v_there + v_new <> cardinality(p_bodies) THEN
    RAISE EXCEPTION 'import_events: another event stands where one of these belongs' USING ERRCODE = 'unique_violation';
  END IF;
  head := p_after + cardinality(p_bodies);
END $$;
REVOKE ALL ON FUNCTION import_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION import_events TO ${APP_ROLE};
`,
);

/**
 * Puts events that were sealed before at the end of the log, at the positions after `after`. `hash`: hex, of the chain behind the last one;
 * undefined when they go to other positions than before.
 * @returns where the log ends now. @throws ImportConflict when the database holds other events in their place; nothing is imported then.
 */
export async function importEvents(
  on: Queryable,
  { after, bodies, hash }: { after: number; bodies: readonly Uint8Array[]; hash?: string | undefined },
): Promise<{ position: number; hash: string }> {
  try {
    const sql = 'SELECT head, hash FROM import_events($1, $2, $3)';
    const [answer] = await rows<{ head: string; hash: Buffer }>(on, sql, [after, bodies, hash ? Buffer.from(hash, 'hex') : null]);
    return { position: integer(answer!.head), hash: answer!.hash.toString('hex') };
  } catch (error) {
    if (sqlState(error) === '23505') throw new ImportConflict(after, error);
    throw error;
  }
}

export const STREAM_VERSIONS = 'SELECT stream, version FROM streams WHERE stream = ANY ($1)';

/** Versions that these streams have reached; absent: no such stream. */
export async function streamVersions(on: Queryable, streams: readonly string[]): Promise<Map<string, number>> {
  const found = await rows<{ stream: string; version: string }>(on, STREAM_VERSIONS, [streams]);
  return new Map(found.map(({ stream, version }) => [stream, integer(version)]));
}
