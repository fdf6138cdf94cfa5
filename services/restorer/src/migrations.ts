import { type MigrationClass, sqlMigration } from '@dr/event-store';

/** How many data sets of a restore have their result: coordination of the planner, made again from the log if lost. */
const planner = `
CREATE TABLE restore_plans (restore_id text PRIMARY KEY, expected int NOT NULL, ended int NOT NULL DEFAULT 0);
GRANT SELECT, INSERT, UPDATE, DELETE ON restore_plans TO dr_app;
`;

/**
 * `cancelled`: what running workers look at. `restore_targets`: the places of restores that have not ended, so that no two go to one
 * place. `restore_rate`: bytes and time of past restores, older ones fading, for estimates.
 */
const cancelsAndTargets = `
ALTER TABLE restore_plans ADD COLUMN cancelled boolean NOT NULL DEFAULT false;
CREATE TABLE restore_targets (tenant text NOT NULL, dataset text NOT NULL, restore_id text NOT NULL, PRIMARY KEY (tenant, dataset));
CREATE INDEX restore_targets_of ON restore_targets (restore_id);
CREATE TABLE restore_rate (one boolean PRIMARY KEY DEFAULT true CHECK (one), bytes double precision NOT NULL, ms double precision NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON restore_targets, restore_rate TO dr_app;
`;

export const migrations: MigrationClass[] = [
  sqlMigration('CreateRestorePlans1764100000002', planner),
  sqlMigration('CreateRestoreTargets1764200000002', cancelsAndTargets),
];
