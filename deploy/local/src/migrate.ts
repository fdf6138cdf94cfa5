/** Brings the database up to date, as the owner role (DATABASE_ADMIN_URL), then ends. A process of its own: the supervisor stays small. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type MigrationClass, migrate, openDatabase } from '@dr/event-store';

/** Every built `migrations.js` that exports `migrations`: of a service (read models) or of a library (jobs). */
async function collected(): Promise<MigrationClass[]> {
  const root = join(import.meta.dirname, '..', '..', '..');
  const packages = ['libs', 'services'].flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)));
  const files = packages.map((folder) => join(folder, 'dist', 'migrations.js')).filter(existsSync);
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(file).href) as Promise<{ migrations?: MigrationClass[] }>));
  return modules.flatMap((m) => m.migrations ?? []);
}

const url = process.env['DATABASE_ADMIN_URL'] ?? process.env['DATABASE_URL'] ?? '';
const admin = await openDatabase({ url, applicationName: 'dr-migrate', poolMax: 3 });
try {
  await migrate(admin, await collected());
} finally {
  await admin.destroy();
}
