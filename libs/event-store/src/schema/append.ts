/**
 * One call appends. Order matters and each step has its reason:
 * 1. The stream's advisory lock comes first, before anything takes a transaction id, and is held to the end: no two appends to a stream
 *    overlap, whatever they expect.
 * 2. A command seen before answers with its first result and writes nothing.
 * 3. The version is compared under the lock; a conflict is a result (with the actual version), not an exception, so that a caller's
 *    transaction lives on.
 * 4. Columns are read out of the body: what is indexed cannot differ from what is hashed.
 * 5. `unsealed.txid` is never lower than that of the stream's event before: a caller's transaction may have taken its id long ago.
 * Read committed only: under a frozen snapshot step 3 would compare with the past.
 */
export const APPEND = `
CREATE FUNCTION append_events(p_stream text, p_expected bigint, p_bodies bytea[], p_command_id text,
                              OUT outcome text, OUT at_stream text, OUT at_version bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_count int := coalesce(cardinality(p_bodies), 0);
  v_txid xid8;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_stream, 7));
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'append_events needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  IF p_command_id IS NULL OR p_expected IS NULL OR v_count NOT BETWEEN 1 AND 500 THEN
    RAISE EXCEPTION 'append_events: command id, expected version and 1 to 500 events are required' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  SELECT 'duplicate', d.stream, d.version INTO outcome, at_stream, at_version FROM command_dedup d WHERE d.command_id = p_command_id;
  IF FOUND THEN RETURN; END IF;

  at_stream := p_stream;
  SELECT s.version INTO at_version FROM streams s WHERE s.stream = p_stream;
  at_version := coalesce(at_version, 0);
  IF at_version <> p_expected THEN outcome := 'conflict'; RETURN; END IF;

  INSERT INTO command_dedup AS d (command_id, stream, version) VALUES (p_command_id, p_stream, p_expected + v_count)
    ON CONFLICT (command_id) DO NOTHING;
  IF NOT FOUND THEN
    SELECT 'duplicate', d.stream, d.version INTO outcome, at_stream, at_version FROM command_dedup d WHERE d.command_id = p_command_id;
    RETURN;
  END IF;

  INSERT INTO events (stream, version, event_id, type, schema_version, body)
    SELECT j->>'stream', (j->>'version')::bigint, (j->>'eventId')::uuid, j->>'type', (j->>'schemaVersion')::int, b.body
      FROM unnest(p_bodies) WITH ORDINALITY AS b (body, ord), LATERAL (SELECT convert_from(b.body, 'UTF8')::jsonb) AS parsed (j)
     WHERE j->>'stream' = p_stream AND (j->>'version')::bigint = p_expected + b.ord;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  IF v_count <> cardinality(p_bodies) THEN
    RAISE EXCEPTION 'append_events: a body names another stream or version' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  at_version := p_expected + v_count;
  INSERT INTO streams AS s (stream, version) VALUES (p_stream, at_version)
    ON CONFLICT (stream) DO UPDATE SET version = excluded.version;

  SELECT u.txid INTO v_txid FROM unsealed u WHERE u.stream = p_stream ORDER BY u.version DESC LIMIT 1;
  v_txid := greatest(pg_current_xact_id(), v_txid);
  INSERT INTO unsealed (stream, version, txid) SELECT p_stream, n, v_txid FROM generate_series(p_expected + 1, at_version) AS n ORDER BY n;
  outcome := 'appended';
END $$;
`;
