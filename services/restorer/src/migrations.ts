import { type MigrationClass, sqlMigration } from '@dr/event-store';

/** How many data sets of a restore have their result: coordination of the planner, made again from the log if lost. */
const planner = `
CREATE TABLE restore_plans (restore_id text PRIMARY KEY, expected int NOT NULL, ended int NOT NULL DEFAULT 0);
GRANT SELECT, INSERT, UPDATE, DELETE ON restore_plans TO dr_app;
`;

export const migrations: MigrationClass[] = [sqlMigration('CreateRestorePlans1764100000002', planner)];
