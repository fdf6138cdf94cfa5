import { sqlMigration } from '../sql-migration.ts';

/**
 * One call appends, in three statements. Order matters and each step has its reason:
 * 1. The stream's advisory lock comes first, before anything takes a transaction id, and is held to the end: no two appends to a stream
 *    overlap, whatever they expect. Statements after it see what was committed while it waited (READ COMMITTED only: under a frozen
 *    snapshot the version would be compared with the past).
 * 2. One look: a command seen before answers with its first result and writes nothing; the version is compared under the lock. A conflict
 *    is a result (with the actual version), not an exception, so that a caller's transaction lives on.
 * 3. One write. The same command on another stream at the same moment makes `command` empty after it was waited for, and then nothing
 *    else is written. Columns are read out of the body: what is indexed cannot differ from what is hashed. `OFFSET 0` keeps the planner
 *    from parsing a body once per column.
 * `unsealed.txid` is never lower than that of the stream's event before: a caller's transaction may have taken its id long ago.
 */
export const APPEND = `
CREATE OR REPLACE FUNCTION append_events(p_stream text, p_expected bigint, p_bodies bytea[], p_command_id text,
                              OUT outcome text, OUT at_stream text, OUT at_version bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_count int := coalesce(cardinality(p_bodies), 0);
  v_version bigint;
  v_txid xid8;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_stream, 7));
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'append_events needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  IF p_command_id IS NULL OR p_expected IS NULL OR v_count NOT BETWEEN 1 AND 500 THEN
    RAISE EXCEPTION 'append_events: command id, expected version and 1 to 500 events are required' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  SELECT d.stream, d.version, coalesce(s.version, 0), u.txid INTO at_stream, at_version, v_version, v_txid
    FROM (VALUES (1)) AS one
    LEFT JOIN command_dedup d ON d.command_id = p_command_id
    LEFT JOIN streams s ON s.stream = p_stream
    LEFT JOIN unsealed u ON u.stream = p_stream AND u.version = s.version;
  IF at_stream IS NOT NULL THEN outcome := 'duplicate'; RETURN; END IF;
  at_stream := p_stream; at_version := v_version;
  IF at_version <> p_expected THEN outcome := 'conflict'; RETURN; END IF;

  WITH command AS (
    INSERT INTO command_dedup AS d (command_id, stream, version) VALUES (p_command_id, p_stream, p_expected + v_count)
    ON CONFLICT (command_id) DO NOTHING RETURNING d.version
  ), stored AS (
    INSERT INTO events (stream, version, event_id, type, schema_version, body)
    SELECT j->>'stream', (j->>'version')::bigint, (j->>'eventId')::uuid, j->>'type', (j->>'schemaVersion')::int, b.body
      FROM command, unnest(p_bodies) WITH ORDINALITY AS b (body, ord),
           LATERAL (SELECT convert_from(b.body, 'UTF8')::jsonb OFFSET 0) AS parsed (j)
     WHERE j->>'stream' = p_stream AND (j->>'version')::bigint = p_expected + b.ord
     RETURNING version
  ), reached AS (
    INSERT INTO streams AS s (stream, version) SELECT p_stream, command.version FROM command
    ON CONFLICT (stream) DO UPDATE SET version = excluded.version
  ), queued AS (
    INSERT INTO unsealed (stream, version, txid) SELECT p_stream, version, greatest(pg_current_xact_id(), v_txid) FROM stored
  )
  SELECT (SELECT version FROM command), (SELECT count(*) FROM stored) INTO at_version, v_count;
  IF at_version IS NULL THEN
    SELECT 'duplicate', d.stream, d.version INTO outcome, at_stream, at_version FROM command_dedup d WHERE d.command_id = p_command_id;
    RETURN;
  END IF;
  IF v_count <> cardinality(p_bodies) THEN
    RAISE EXCEPTION 'append_events: a body names another stream or version' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  outcome := 'appended';
END $$;
`;

/** Databases that were made before have the function in eight statements, which took half as long again. */
export const appendMigration = sqlMigration('AppendInThreeStatements1764900000000', APPEND);
