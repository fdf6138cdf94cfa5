import { MemoryStore } from '@dr/storage/faults';
import { lastDecidedMs } from './last-decided.ts';
import { backUp, newRepository } from './testing/opened.ts';

test('the time of the last decision is told without a key: 0 where there is none', async () => {
  const store = new MemoryStore();
  expect(await lastDecidedMs(store)).toBe(0);
  const repository = await newRepository(store);
  const tenant = await repository.tenant('acme', { create: true });
  await repository.tenant('other', { create: true });
  expect(await lastDecidedMs(store)).toBe(0);
  await backUp(tenant, 'backup_1', {});
  await tenant.abandon('backup_2', 'as planned');
  const times: number[] = [];
  for await (const page of store.list('t/'))
    times.push(...page.filter(({ key }) => key.includes('/backups/')).map(({ modifiedAtMs }) => modifiedAtMs));
  expect(times).toHaveLength(2);
  expect(await lastDecidedMs(store)).toBe(Math.max(...times));
  await repository.close();
});

test('of a store with many tenants it is not asked for', async () => {
  const store = new MemoryStore();
  const repository = await newRepository(store);
  for (let i = 0; i < 17; i++) await repository.tenant(`tenant-${i}`, { create: true });
  expect(await lastDecidedMs(store)).toBeUndefined();
  await repository.close();
});
