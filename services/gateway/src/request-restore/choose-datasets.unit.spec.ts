import type { BackupView } from '../catalog-client.ts';
import { chooseDatasets } from './choose-datasets.ts';

const dataset = (dataset_id: string, root?: string) =>
  ({ dataset_id, format: 'v4', status: 'completed', ...(root && { root }) }) as BackupView['datasets'][number];
const backup = (status = 'completed'): BackupView => ({
  backup_id: 'backup_1',
  timestamp: '2026-11-24T00:00:00.000Z',
  type: 'full',
  tenant_id: 'acme',
  status,
  holds: [],
  datasets: [dataset('a', 'ra'), dataset('deep/b', 'rb'), dataset('constructor', 'rc'), dataset('lost')],
});
const chosen = (wish: Parameters<typeof chooseDatasets>[1]) => chooseDatasets(backup(), wish).map(({ n, from, to }) => [n, from, to]);

test('everything that the backup holds goes to its own place by default, numbered from 1', () => {
  expect(chosen({})).toEqual([
    [1, 'a', 'a'],
    [2, 'deep/b', 'deep/b'],
    [3, 'constructor', 'constructor'],
  ]);
});

test('names narrow it, and a mapping moves it', () => {
  expect(chosen({ dataset_ids: ['deep/b'], dataset_mapping: { 'deep/b': 'b/new place' } })).toEqual([[1, 'deep/b', 'b/new place']]);
});

test.each([
  '../../x',
  '../other-tenant/x',
  'x/../../y',
  '/etc',
  'x//y',
  'x/',
  '',
  '.',
  'x/./y',
  'nul\0',
  'line\n',
  'e\u0301',
  '.dr-restore_1',
  'x/.dr-old',
  'x'.repeat(256),
  'é'.repeat(128),
])('the target %j is refused before anything is looked at, and the field is named', (to) => {
  const choose = () => chooseDatasets(backup(), { dataset_mapping: { 'deep/b': to } });
  expect(choose).toThrow(
    expect.objectContaining({
      status: 422,
      code: 'restore.bad_target',
      errors: [{ pointer: '/dataset_mapping/deep~1b', message: expect.any(String) }],
    }),
  );
});

test.each(['x', 'x/y', 'with space', 'é', '..x', 'x..', `${'x'.repeat(255)}/${'y'.repeat(255)}`])('the target %j is fine', (to) => {
  expect(chosen({ dataset_ids: ['a'], dataset_mapping: { a: to } })).toEqual([[1, 'a', to]]);
});

test.each<[string, Parameters<typeof chooseDatasets>[1]]>([
  ['an id that the backup does not hold', { dataset_ids: ['a', 'no'] }],
  ['one that it lost', { dataset_ids: ['lost'] }],
  ['a mapping of one that it does not hold', { dataset_mapping: { no: 'x' } }],
  ['a mapping of one that it lost', { dataset_mapping: { lost: 'x' } }],
])('%s is refused', (_, wish) => {
  expect(() => chooseDatasets(backup(), wish)).toThrow(expect.objectContaining({ status: 422, code: 'restore.not_in_backup' }));
});

test('a mapping of a data set that dataset_ids leaves out is refused, not dropped', () => {
  const choose = () => chooseDatasets(backup(), { dataset_ids: ['a'], dataset_mapping: { a: 'x', 'deep/b': 'y' } });
  expect(choose).toThrow(
    expect.objectContaining({
      status: 422,
      code: 'restore.mapping_not_selected',
      errors: [{ pointer: '/dataset_mapping/deep~1b', message: 'is not among dataset_ids' }],
    }),
  );
});

test.each(['pending', 'running', 'failed', 'cancelled', 'deleting', 'deleted'])('a backup that is %s cannot be restored', (status) => {
  expect(() => chooseDatasets(backup(status), {})).toThrow(expect.objectContaining({ status: 409, code: 'backup.not_restorable' }));
});
