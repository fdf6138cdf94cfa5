import { type MigrationClass, sqlMigration } from '@dr/event-store';

/** The counts of backups whose captures have not all ended: coordination of the planner, made again from the log if lost. */
const planner = `
CREATE TABLE backup_plans (
  backup_id text PRIMARY KEY, tenant text NOT NULL, expected int NOT NULL, done int NOT NULL DEFAULT 0, failed int NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE, DELETE ON backup_plans TO dr_app;
`;

/** Trees that later backups may build on; `sealed_at` is the position of the backup's seal in the log, null until then. */
const bases = `
CREATE TABLE capture_bases (
  backup_id text COLLATE "C" NOT NULL, n int NOT NULL, tenant text COLLATE "C" NOT NULL, dataset_id text COLLATE "C" NOT NULL,
  root text NOT NULL, base_backup_id text, sealed_at bigint, PRIMARY KEY (backup_id, n)
);
CREATE INDEX capture_bases_newest ON capture_bases (tenant, dataset_id, sealed_at DESC) WHERE sealed_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON capture_bases TO dr_app;
`;

/** The slices of a huge data set that are captured by jobs of their own; `root` is the tree of one that was. */
const slices = `
CREATE TABLE capture_slices (
  backup_id text COLLATE "C" NOT NULL, n int NOT NULL, slice int NOT NULL, root text, ended boolean NOT NULL DEFAULT false,
  PRIMARY KEY (backup_id, n, slice)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON capture_slices TO dr_app;
`;

export const migrations: MigrationClass[] = [
  sqlMigration('CreateBackupPlans1764100000001', planner),
  sqlMigration('CreateCaptureBases1764200003000', bases),
  sqlMigration('CreateCaptureSlices1764200004000', slices),
];
