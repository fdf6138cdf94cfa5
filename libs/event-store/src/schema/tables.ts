/**
 * The tables. Text keys compare as bytes (COLLATE "C"), so the order is the same on every machine and index.
 *
 * `unsealed` is the queue between append and sequencer: whatever is not in the log is in it, so there is no reading position that an
 * event could slip behind. Its `txid` orders it, `position` orders within a transaction. Only its few rows carry numbers of this
 * cluster, so a logical restore has nothing else to repair.
 */
export const TABLES = `
CREATE TABLE streams (
  stream text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL CHECK (version > 0)
) WITH (fillfactor = 80);

CREATE TABLE events (
  stream text COLLATE "C" NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  event_id uuid NOT NULL CONSTRAINT events_event_id_key UNIQUE,
  type text COLLATE "C" NOT NULL,
  schema_version int NOT NULL CHECK (schema_version > 0),
  body bytea NOT NULL,
  PRIMARY KEY (stream, version)
);
COMMENT ON COLUMN events.body IS 'the whole envelope as canonical JSON (RFC 8785); the other columns are read from it by append_events';

CREATE TABLE command_dedup (
  command_id text COLLATE "C" PRIMARY KEY,
  stream text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE SEQUENCE unsealed_position_seq;
CREATE TABLE unsealed (
  stream text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  txid xid8 NOT NULL,
  position bigint NOT NULL DEFAULT nextval('unsealed_position_seq'),
  queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream, version)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0);
ALTER SEQUENCE unsealed_position_seq OWNED BY unsealed.position;
CREATE INDEX unsealed_order ON unsealed (txid, position);

CREATE TABLE event_log (
  position bigint PRIMARY KEY CHECK (position > 0),
  event_id uuid NOT NULL CONSTRAINT event_log_event_id_key UNIQUE,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN event_log.hash IS 'SHA-256 of the previous hash (32 zero bytes before position 1) followed by events.body';

CREATE TABLE processors (
  name text COLLATE "C" NOT NULL,
  version int NOT NULL CHECK (version > 0),
  position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
  poisoned_position bigint,
  poisoned_error text,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (name, version)
) WITH (fillfactor = 50);

CREATE TABLE live_projections (
  name text COLLATE "C" PRIMARY KEY,
  version int NOT NULL CHECK (version > 0),
  switched_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
`;

/** Second fence behind the grants: even the owner changes history only after disabling a trigger by name. */
export const FENCES = `
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % refused: events are only ever appended', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_log_append_only BEFORE UPDATE OR DELETE ON event_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_log_no_truncate BEFORE TRUNCATE ON event_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
`;
