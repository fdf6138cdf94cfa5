import { type MigrationClass, sqlMigration } from '@dr/event-store';
import { derivedTables } from './backups/derived-tables.ts';

/**
 * Read models of the catalog. Each can be dropped and rebuilt from the log. `operation_texts` is no projection: it holds the words that
 * users gave (descriptions, metadata), which must be erasable; events hold only their digest.
 */
const readModels = `
CREATE TABLE operation_texts (
  operation_id text PRIMARY KEY, tenant text NOT NULL, description text, metadata jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE catalog_backups (
  backup_id text PRIMARY KEY, tenant text NOT NULL, requested_at timestamptz NOT NULL, type text NOT NULL, status text NOT NULL,
  dataset_ids text[] NOT NULL, doc jsonb NOT NULL
);
CREATE INDEX catalog_backups_newest ON catalog_backups (requested_at DESC, backup_id DESC);
CREATE INDEX catalog_backups_tenant ON catalog_backups (tenant, requested_at DESC, backup_id DESC);
CREATE INDEX catalog_backups_datasets ON catalog_backups USING gin (dataset_ids);
CREATE TABLE catalog_backup_datasets (
  backup_id text NOT NULL, n int NOT NULL, dataset_id text NOT NULL, doc jsonb NOT NULL, PRIMARY KEY (backup_id, n)
);
CREATE TABLE catalog_restores (
  restore_id text PRIMARY KEY, backup_id text NOT NULL, tenant text NOT NULL, target_tenant text NOT NULL,
  requested_at timestamptz NOT NULL, status text NOT NULL, doc jsonb NOT NULL
);
CREATE INDEX catalog_restores_newest ON catalog_restores (requested_at DESC, restore_id DESC);
CREATE TABLE catalog_restore_datasets (
  restore_id text NOT NULL, n int NOT NULL, doc jsonb NOT NULL, PRIMARY KEY (restore_id, n)
);
CREATE TABLE catalog_verifications (
  verification_id text PRIMARY KEY, backup_id text NOT NULL, tenant text NOT NULL, requested_at timestamptz NOT NULL,
  status text NOT NULL, doc jsonb NOT NULL
);
CREATE TABLE catalog_api_keys (
  key_id text PRIMARY KEY, hash text NOT NULL UNIQUE, tenant text NOT NULL, scopes text[] NOT NULL,
  expires_at timestamptz, revoked boolean NOT NULL DEFAULT false
);
GRANT SELECT, INSERT, UPDATE, DELETE ON operation_texts, catalog_backups, catalog_backup_datasets, catalog_restores,
  catalog_restore_datasets, catalog_verifications, catalog_api_keys TO dr_app;
`;

/** Why somebody wanted a backup to end: words of a user too. */
const cancelReasons = 'ALTER TABLE operation_texts ADD COLUMN cancel_reason text';

/** `api_key_uses` is no projection either: a use is no event. */
const keyLife = `
ALTER TABLE catalog_api_keys ADD COLUMN created_at timestamptz, ADD COLUMN created_by text, ADD COLUMN revoked_at timestamptz;
CREATE TABLE api_key_uses (key_id text PRIMARY KEY, used_at timestamptz NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON api_key_uses TO dr_app;
`;

/** A data set of a backup knows whose and when, so that the newest good copy of each is found along an index. Byte order, as lists have it. */
const datasetPlaces = `
ALTER TABLE catalog_backup_datasets ADD COLUMN tenant text, ADD COLUMN requested_at timestamptz;
UPDATE catalog_backup_datasets d SET tenant = b.tenant, requested_at = b.requested_at FROM catalog_backups b WHERE b.backup_id = d.backup_id;
ALTER TABLE catalog_backup_datasets ALTER COLUMN tenant SET NOT NULL, ALTER COLUMN requested_at SET NOT NULL;
CREATE INDEX catalog_backup_datasets_place
  ON catalog_backup_datasets (tenant COLLATE "C", dataset_id COLLATE "C", requested_at DESC, backup_id DESC);
CREATE INDEX catalog_backup_datasets_good
  ON catalog_backup_datasets (tenant COLLATE "C", dataset_id COLLATE "C", requested_at DESC, backup_id DESC) WHERE doc ->> 'status' = 'completed';
`;

/**
 * What lists ask for stands before the time in an index, so that a page is found at once, however rare it is among a million backups. The
 * lists by data set go by `catalog_backup_datasets`, and the inverted index over all ids of a backup has no reader any more.
 */
const listPaths = `
DROP INDEX catalog_backups_datasets;
CREATE INDEX catalog_backups_kind ON catalog_backups (tenant, type, status, requested_at DESC, backup_id DESC);
CREATE INDEX catalog_backups_kind_of_all ON catalog_backups (type, status, requested_at DESC, backup_id DESC);
CREATE INDEX catalog_backup_datasets_of_all ON catalog_backup_datasets (dataset_id COLLATE "C", requested_at DESC, backup_id DESC);
CREATE INDEX catalog_backups_verified ON catalog_backups (backup_id)
  WHERE status IN ('completed', 'partial') AND doc -> 'verification' ->> 'ok' = 'true';
CREATE INDEX catalog_restores_tenant ON catalog_restores (tenant, requested_at DESC, restore_id DESC);
`;

/** Words of users are copied into the repository, each change under a number of its own. */
const textCopies = `
ALTER TABLE operation_texts ADD COLUMN copied boolean NOT NULL DEFAULT false, ADD COLUMN copy_number int NOT NULL DEFAULT 0;
CREATE INDEX operation_texts_not_copied ON operation_texts (operation_id) WHERE NOT copied;
CREATE FUNCTION operation_texts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.description, NEW.metadata, NEW.cancel_reason) IS DISTINCT FROM (OLD.description, OLD.metadata, OLD.cancel_reason) THEN NEW.copied := false; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER operation_texts_changed BEFORE UPDATE ON operation_texts FOR EACH ROW EXECUTE FUNCTION operation_texts_changed();
`;

export const migrations: MigrationClass[] = [
  sqlMigration('CreateCatalog1764100000000', readModels),
  sqlMigration('AddCancelReasons1764200000000', cancelReasons),
  sqlMigration('AddKeyLife1764500000000', keyLife),
  sqlMigration('AddDatasetPlaces1764700000000', datasetPlaces),
  sqlMigration('AddListPaths1764900001000', listPaths),
  sqlMigration('AddTextCopies1764930000000', textCopies),
  sqlMigration('AddDerivedTables1764940000000', derivedTables),
];
