/** Brings the database up to date, as the owner role (DATABASE_ADMIN_URL), then ends. A process of its own: the supervisor stays small. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type MigrationClass, migrate, openDatabase } from '@dr/event-store';
import { jobMigrations } from '@dr/jobs';

/** Every built `migrations.js` that exports `migrations`: the read models of the services. */
async function collected(): Promise<MigrationClass[]> {
  const root = join(import.meta.dirname, '..', '..', '..');
  const services = join(root, 'services');
  const files = readdirSync(services)
    .map((name) => join(services, name, 'dist', 'migrations.js'))
    .filter(existsSync);
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(file).href) as Promise<{ migrations?: MigrationClass[] }>));
  return modules.flatMap((m) => m.migrations ?? []);
}

const url = process.env['DATABASE_ADMIN_URL'] ?? process.env['DATABASE_URL'] ?? '';
const admin = await openDatabase({ url, applicationName: 'dr-migrate', poolMax: 3 });
try {
  await migrate(admin, [...jobMigrations, ...(await collected())]);
} finally {
  await admin.destroy();
}
