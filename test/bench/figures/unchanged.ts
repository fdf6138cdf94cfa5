import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { percentile } from './percentile.ts';

export interface UnchangedFigures {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** What this needs of a running house (test/e2e/support). */
export interface AskedHouse {
  readonly source: string;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
}

/**
 * A small data set that does not change is backed up again and again, each time from the request to the reply that says `completed`
 * (`POST /backups?wait=`): what a user waits for. The first backup, which stores it, does not count.
 */
export async function measureUnchanged(house: AskedHouse, dataset: string, times: number): Promise<UnchangedFigures> {
  await cp(dataset, join(house.source, 'unchanged', 'small'), { recursive: true });
  const tookMs: number[] = [];
  for (let time = -1; time < times; time++) {
    const begin = performance.now();
    const { status, body } = await house.call('POST', '/api/v1/backups?wait=60', { tenant_id: 'unchanged', type: 'incremental' });
    if (time >= 0) tookMs.push(performance.now() - begin);
    if (status !== 200 || body['status'] !== 'completed') throw new Error(`the backup ended with ${status} ${JSON.stringify(body)}`);
  }
  return { p50_ms: percentile(tookMs, 50), p99_ms: percentile(tookMs, 99) };
}
