import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DatabaseUnfit } from './errors.ts';

export type MigrationClass = new () => MigrationInterface;

/**
 * A forward-only migration of plain SQL for `migrate`. `name` ends in thirteen digits (a time in ms), which give the order, and never
 * changes once released. Grant tables to dr_app in the same SQL.
 */
export function sqlMigration(name: string, sql: string): MigrationClass {
  if (!/^[A-Za-z]+\d{13}$/.test(name)) throw new DatabaseUnfit(`Migration ${name}: the name must be letters followed by 13 digits.`);
  return class implements MigrationInterface {
    readonly name = name;
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(sql);
    }
    async down(): Promise<void> {
      throw new DatabaseUnfit(`Migration ${name} has no way back. Restore the database from its backup.`);
    }
  };
}
