import { type MigrationClass, sqlMigration } from '@dr/event-store';

/**
 * Requests that carried an Idempotency-Key, for 24 hours. Coordination, not truth: what was made stands in the log, under ids and commands
 * that follow from `seed`, so that a repeat makes nothing twice even if the reply was never written here.
 */
const requestKeys = `
CREATE TABLE request_keys (
  key_id text COLLATE "C" NOT NULL, request_key text COLLATE "C" NOT NULL, digest text NOT NULL, seed uuid NOT NULL, seeded_at timestamptz NOT NULL,
  owner text NOT NULL, lease_until timestamptz NOT NULL, reply jsonb, PRIMARY KEY (key_id, request_key)
);
CREATE INDEX request_keys_age ON request_keys (seeded_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON request_keys TO dr_app;
`;

export const migrations: MigrationClass[] = [sqlMigration('CreateRequestKeys1764300000000', requestKeys)];
