/** Which backup `latest` means, also as of a moment, where a full was made of an older snapshot. */
import type { Caller } from '@dr/auth';
import type { BackupView, CatalogClient } from '../catalog-client.ts';
import { findAsOf } from './find-as-of.ts';
import { findBackup } from './find-backup.ts';

const caller = { tenant: 'acme' } as Caller;

const backup = (day: number, more: Partial<BackupView> = {}): BackupView => ({
  backup_id: `backup_2026010${day}_000000_0000000${day}`,
  timestamp: `2026-01-0${day}T00:00:00.000Z`,
  type: 'full',
  tenant_id: 'acme',
  status: 'completed',
  holds: [],
  datasets: [{ dataset_id: 'a', format: 'v4', status: 'completed', root: 'ab' }],
  ...more,
});
const promoted = (day: number, ofDay: number) => backup(day, { metadata: { promoted_from: `backup_2026010${ofDay}_000000_0000aaaa` } });

type Query = { type: string; status: string; since?: string; until?: string; oldestFirst?: boolean };

/** The catalog's list by the time of the request. */
function catalogOf(all: BackupView[]): CatalogClient {
  const listBackups = async ({ type, status, since = '', until = '~', oldestFirst }: Query) => {
    const found = all.filter((b) => b.type === type && b.status === status && b.timestamp >= since && b.timestamp < until);
    const ordered = found.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
    return { backups: oldestFirst ? ordered : ordered.reverse(), next_cursor: null };
  };
  return { listBackups } as unknown as CatalogClient;
}

const dayOf = ({ backup_id }: BackupView): string => backup_id.slice(14, 15);
const latest = async (all: BackupView[], asOf?: string) => dayOf(await findBackup(catalogOf(all), caller, { id: 'latest', asOf }));
const at = (day: number): string => `2026-01-0${day}T00:00:00.000Z`;

test('the newest state is the latest, not the newest request', async () => {
  expect(await latest([backup(1), backup(5), promoted(9, 3)])).toBe('5');
  expect(await latest([backup(1), promoted(9, 3)])).toBe('9');
  expect(await latest([backup(1), promoted(9, 3), backup(4, { type: 'incremental' })])).toBe('4');
});

test('before a moment, a state that was promoted after it counts too', async () => {
  const all = [backup(1), backup(5), promoted(9, 3)];
  expect([await latest(all, at(4)), await latest(all, at(2)), await latest(all, at(6))]).toEqual(['9', '1', '5']);
});

test('as of a moment, a state from before it is never cut to it', async () => {
  const all = [backup(5), promoted(8, 3), backup(9)];
  const asOf = async (moment: string) => {
    const { backup: found, asOf: cut } = await findAsOf(catalogOf(all), caller, { id: 'latest', asOf: moment }, async () => []);
    return [dayOf(found), cut !== undefined];
  };
  expect(await asOf(at(6))).toEqual(['9', true]);
  expect(await asOf(at(4))).toEqual(['5', true]);
  expect(await asOf(at(2))).toEqual(['8', true]);
});
