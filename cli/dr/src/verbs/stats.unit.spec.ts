import { gateway, ok, stopGateways } from '../testing/stubs.ts';
import { dr } from '../testing/terminal.ts';

afterEach(stopGateways);

const found = {
  ...{ total_backups: 12, completed_backups: 9, failed_backups: 1, success_rate: 0.9 },
  ...{ total_size_bytes: 10 * 1024 ** 3, compressed_size_bytes: 1024 ** 3, compression_ratio: 1.25, dedup_ratio: 8 },
  type_breakdown: { full: { count: 2, size: 2 * 1024 ** 3 }, incremental: { count: 10, size: 8 * 1024 ** 3 } },
  ...{ storage_backend: 'local', retention_days: 90 },
};

test('shows counts, sizes and ratios, for people and for scripts', async () => {
  const stub = await gateway(() => ok(found));
  const { code, stdout } = await dr(['stats', '--tenant-id', 'acme'], { env: stub.env });
  expect(stub.asked[0]).toMatchObject({ path: expect.stringContaining('/admin/backups/stats'), query: { tenant_filter: 'acme' } });
  expect(code).toBe(0);
  for (const part of ['12 (9 completed, 1 failed)', '90.0 %', '10.0 GiB', '8.00 : 1', '1.25 : 1', '90 days'])
    expect(stdout).toContain(part);
  expect(stdout).toMatch(/incremental +10 +8\.0 GiB/);
  expect(JSON.parse((await dr(['stats', '--json'], { env: stub.env })).stdout)).toEqual(found);
});

test('of no backups there are no ratios', async () => {
  const nothing = { success_rate: null, compression_ratio: null, dedup_ratio: null, retention_days: null, type_breakdown: {} };
  const stub = await gateway(() => ok({ ...found, ...nothing }));
  const { stdout } = await dr(['stats'], { env: stub.env });
  expect(stdout).not.toMatch(/NaN|null|TYPE/);
  expect(stdout).toMatch(/Compression +-/);
});
