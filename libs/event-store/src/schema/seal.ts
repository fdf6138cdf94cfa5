/**
 * What may be sealed now: events of transactions older than every open one, so that nothing can still appear before them.
 * `txid` is qualified: ORDER BY a text alias of it would sort 1000000 before 999999.
 */
export const SEAL_POLL = `
SELECT u.ctid AS tid, ev.event_id, ev.body
  FROM unsealed u JOIN events ev ON ev.stream = u.stream AND ev.version = u.version
 WHERE u.txid < pg_snapshot_xmin(pg_current_snapshot())
 ORDER BY u.txid, u.position
 LIMIT p_limit`;

/** Unsealed rows with a transaction id that this cluster has not given out: they came with a logical restore from another one. */
export const FOREIGN_POLL = 'SELECT 1 FROM unsealed u WHERE u.txid >= pg_snapshot_xmax(pg_current_snapshot())';

/** Settings under which the plan of SEAL_POLL is the index walk, however small or large the queue was when it was planned. */
export const SEAL_SETTINGS = ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_sort'] as const;

const settings = SEAL_SETTINGS.map((name) => `SET ${name} = off`).join(' ');

/**
 * seal_events moves a batch from the queue into the log: dense positions, hash chain, one transaction. Two callers exclude each other,
 * so even two sequencers that both believe to lead write one chain.
 *
 * adopt_foreign_events gives every waiting event the id 2 (below all real ones), so that they go first, in the order in which they were
 * queued. Where the sequence was not restored, a later event of a stream may carry a lower number: the running maximum along the stream
 * mends that. Any order that is right within each stream will do, since nothing is sealed yet that it could contradict. The table lock
 * keeps appends out meanwhile and waits for open ones.
 */
export const SEAL = `
CREATE FUNCTION adopt_foreign_events() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_adopted bigint;
BEGIN
  LOCK TABLE unsealed IN SHARE ROW EXCLUSIVE MODE;
  UPDATE unsealed u SET txid = '2'::xid8, position = ranked.rank
    FROM (SELECT stream, version, row_number() OVER (ORDER BY reached, version) AS rank
            FROM (SELECT stream, version, max(position) OVER (PARTITION BY stream ORDER BY version) AS reached FROM unsealed) AS along
         ) AS ranked
   WHERE ranked.stream = u.stream AND ranked.version = u.version;
  GET DIAGNOSTICS v_adopted = ROW_COUNT;
  RETURN v_adopted;
END $$;

CREATE FUNCTION seal_events(p_limit int, OUT sealed int, OUT head bigint, OUT adopted bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ${settings} AS $$
DECLARE
  v_hash bytea;
  v_event record;
  v_tids tid[] := '{}'; v_ids uuid[] := '{}'; v_hashes bytea[] := '{}';
BEGIN
  PERFORM pg_advisory_xact_lock(7101, 1);
  adopted := 0;
  IF EXISTS (${FOREIGN_POLL}) THEN adopted := adopt_foreign_events(); END IF;

  SELECT l.position, l.hash INTO head, v_hash FROM event_log l ORDER BY l.position DESC LIMIT 1;
  IF NOT FOUND THEN head := 0; v_hash := decode(repeat('00', 32), 'hex'); END IF;

  FOR v_event IN ${SEAL_POLL} LOOP
    v_hash := sha256(v_hash || v_event.body);
    v_tids := v_tids || v_event.tid; v_ids := v_ids || v_event.event_id; v_hashes := v_hashes || v_hash;
  END LOOP;
  sealed := cardinality(v_ids);
  IF sealed = 0 THEN RETURN; END IF;

  INSERT INTO event_log (position, event_id, hash)
    SELECT head + n.ord, n.id, n.hash FROM unnest(v_ids, v_hashes) WITH ORDINALITY AS n (id, hash, ord);
  DELETE FROM unsealed WHERE ctid = ANY (v_tids);
  head := head + sealed;
END $$;
`;
