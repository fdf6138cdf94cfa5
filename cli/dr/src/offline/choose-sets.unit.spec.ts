/** Which backup `latest` means, from what a repository lists. */
import type { Context } from '../context.ts';
import type { Backup } from '../resources.ts';
import { latest } from './choose-sets.ts';
import type { RepositoryDesk } from './repository-desk.ts';

const backup = (day: number, status: string, datasets: Record<string, string>): Backup => ({
  backup_id: `backup_202601${String(day).padStart(2, '0')}_000000_0000000${day}`,
  timestamp: `2026-01-0${day}T00:00:00.000Z`,
  type: 'full',
  status,
  tenant_id: 'acme',
  dataset_ids: Object.keys(datasets),
  datasets: Object.entries(datasets).map(([dataset_id, status]) => ({ dataset_id, format: 'v4', status })),
});

const chosen = async (days: Backup[], datasetIds?: string[], asOf?: string): Promise<string> => {
  const desk = { list: async () => ({ backups: days, problems: [] }) } as unknown as RepositoryDesk;
  const id = await latest(desk, { datasetIds, asOf } as never, { out: { say: () => undefined } } as unknown as Context);
  return id.slice(7, 15);
};

test('a data set whose capture failed is not held, so an older backup that has it is taken', async () => {
  const days = [backup(3, 'partial', { a: 'failed', b: 'completed' }), backup(2, 'partial', { a: 'partial', b: 'completed' })];
  expect(await chosen(days, ['a'])).toBe('20260102');
  expect(await chosen(days, ['b'])).toBe('20260103');
  await expect(chosen(days.slice(0, 1), ['a'])).rejects.toThrow('There is no backup to restore');
});

test('a whole backup is preferred to a newer partial one', async () => {
  const days = [backup(3, 'partial', { a: 'completed', b: 'failed' }), backup(2, 'completed', { a: 'completed', b: 'completed' })];
  expect(await chosen(days)).toBe('20260102');
});

test('any backup that holds its data is preferred to a newer snapshot, which is taken when there is nothing else', async () => {
  const snapshot = { ...backup(4, 'completed', { a: 'completed' }), type: 'snapshot' };
  expect(await chosen([snapshot, backup(3, 'partial', { a: 'partial' })])).toBe('20260103');
  expect(await chosen([snapshot, backup(3, 'partial', { a: 'partial' }), backup(2, 'completed', { a: 'completed' })])).toBe('20260102');
  expect(await chosen([snapshot])).toBe('20260104');
});

test('a full that was made of a snapshot is as old as that, whenever it was made', async () => {
  const promoted = { ...backup(9, 'completed', { a: 'completed' }), metadata: { promoted_from: 'backup_20260103_000000_0000aaaa' } };
  const days = [promoted, backup(5, 'completed', { a: 'completed' }), backup(1, 'completed', { a: 'completed' })];
  expect(await chosen(days)).toBe('20260105');
  expect(await chosen(days, undefined, '2026-01-04T00:00:00.000Z')).toBe('20260109');
  expect(await chosen(days, undefined, '2026-01-02T00:00:00.000Z')).toBe('20260101');
});
