import { rows } from '@dr/event-store';
import { EXHAUSTED } from './job-queue.ts';
import { NEXT_OF_TENANT, WAITING_TENANTS } from './schema.ts';
import { type TestJobs, testJobs } from './testing/test-jobs.ts';

/** Plans with 20,000 waiting jobs of two tenants, 100 running and 20,000 done. */
let t: TestJobs;
beforeAll(async () => {
  t = await testJobs();
  await t.superuser.query(`
    INSERT INTO jobs (job_id, kind, tenant, operation_id, payload, attempts_max, status, ended_at, lease_until)
    SELECT 'j' || n, 'capture', CASE WHEN n % 100 = 0 THEN 'small' ELSE 'big' END, 'o' || n / 50, '{}', 5,
           CASE WHEN n <= 20000 THEN 'done' WHEN n <= 20100 THEN 'running' ELSE 'queued' END,
           CASE WHEN n <= 20000 THEN now() END, CASE WHEN n > 20000 AND n <= 20100 THEN now() END
      FROM generate_series(1, 40000) n;
    ANALYZE jobs`);
}, 60_000);
afterAll(() => t[Symbol.asyncDispose]());

async function planOf(sql: string, parameters: unknown[]): Promise<string> {
  return t.superuser.transaction(async (tx) => {
    await tx.query('SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off');
    const plan = await rows<{ 'QUERY PLAN': string }>(tx, `EXPLAIN (COSTS OFF) ${sql}`, parameters);
    return plan.map((line) => line['QUERY PLAN']).join('\n');
  });
}

test('waiting tenants are found by hopping along the index', async () => {
  const plan = await planOf(WAITING_TENANTS.replaceAll('p_kind', '$1'), ['capture']);
  expect(plan).toMatch(/Recursive Union/);
  expect(plan).toMatch(/Index Only Scan using jobs_waiting on jobs j/);
  expect(plan).toMatch(/Scan using jobs_running on jobs j/);
  expect(plan).not.toMatch(/Seq Scan on jobs\b/);
});

test("a tenant's next job is the first entry of the index", async () => {
  const plan = await planOf(NEXT_OF_TENANT.replace('p_kind', '$1').replace('v_tenant', '$2'), ['capture', 'big']);
  expect(plan).toMatch(/Limit\n\s+-> +LockRows\n\s+-> +Index Scan using jobs_waiting on jobs j/);
  expect(plan).not.toMatch(/Sort/);
});

test('vanished workers are looked for among running jobs only', async () => {
  expect(await planOf(EXHAUSTED, ['capture'])).toMatch(/Index Scan using jobs_running on jobs/);
});

test('a claim among 20,000 waiting jobs takes milliseconds', async () => {
  await t.queue.claim('capture', 'w', 1_000);
  const begin = performance.now();
  for (let i = 0; i < 20; i += 1) await t.queue.claim('capture', 'w', 30_000);
  expect((performance.now() - begin) / 20).toBeLessThan(50);
});
