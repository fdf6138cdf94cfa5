import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryWith } from './repository.ts';

export const FIRST = 'backup_20260131_120000_0a1b2c3d';
export const SECOND = 'backup_20260201_120000_0a1b2c3d';
export const GIVEN_UP = 'backup_20260202_120000_0a1b2c3d';
export const OTHERS = 'backup_20260203_120000_0a1b2c3d';

export const articles = { 'chunks/0': 'a'.repeat(5_000), 'chunks/1': 'b', 'dataset_metadata.json': '{}' };
export const finding = { format: 'v3', code: 'V3-7', severity: 'error', path: 'x', message: 'chunk is missing' };

/** A repository with a whole backup, a later one with loss, one that was given up, and one of another tenant. */
export const sampleRepository = (): Promise<string> =>
  repositoryWith([
    { tenant: 'acme', backupId: FIRST, datasets: { articles, 'deep/support': { f: 'old' } } },
    {
      tenant: 'acme',
      backupId: SECOND,
      datasets: { articles: { ...articles, 'chunks/1': 'new' } },
      about: { articles: { status: 'partial', findings: [finding] } },
    },
    { tenant: 'acme', backupId: GIVEN_UP, datasets: {} },
    { tenant: 'other', backupId: OTHERS, datasets: { x: { f: '1' } } },
  ]);

/** Every file below a folder with its content. */
export function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map((entry) => [
      join(entry.parentPath, entry.name).slice(folder.length + 1),
      readFileSync(join(entry.parentPath, entry.name), 'utf8'),
    ]),
  );
}
