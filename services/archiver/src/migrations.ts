import { type MigrationClass, sqlMigration } from '@dr/event-store';

/** The counts of backups whose captures have not all ended: coordination of the planner, made again from the log if lost. */
const planner = `
CREATE TABLE backup_plans (
  backup_id text PRIMARY KEY, tenant text NOT NULL, expected int NOT NULL, done int NOT NULL DEFAULT 0, failed int NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE, DELETE ON backup_plans TO dr_app;
`;

export const migrations: MigrationClass[] = [sqlMigration('CreateBackupPlans1764100000001', planner)];
