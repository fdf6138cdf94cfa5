/**
 * What an archiver and a restorer take at their peak while they back up, verify and restore much: below 300 MB in a house as `npm start` runs it.
 * DR_MEMORY_MB: how much data; 600 in the long form.
 */
import { randomFillSync } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunningHouse } from './support/running-house.ts';
import { place } from './support/sources.ts';

const DATA_MB = Number(process.env['DR_MEMORY_MB'] ?? 160);
/** The short form is well below what the long one has to keep, so that it shows what went wrong, too. */
const PEAK_MB_MAX = DATA_MB < 600 ? 250 : 300;
const FILE_BYTES = 20_000_000;
const SETS = 4;

let house: RunningHouse;

beforeAll(async () => {
  house = await RunningHouse.start();
  for (let set = 0; set < SETS; set++) await place(house.source, 'acme', `set-${set}`, ['gen-v4-full', 'ds']);
  for (let n = 0; n * FILE_BYTES < DATA_MB * 1e6; n++)
    writeFileSync(join(house.source, 'acme', `set-${n % SETS}`, `1${n}abcd`), numbers(n));
}, 180_000);

afterAll(() => house?.stop(), 60_000);

/** Vectors of float32, which are kept in byte planes, and every third time bytes that nothing makes smaller. */
function numbers(n: number): Uint8Array {
  const values = randomFillSync(new Uint32Array(FILE_BYTES / 4));
  if (n % 3 > 0) for (let i = 0; i < values.length; i++) values[i] = (values[i]! & 0x80ffffff) | 0x3e000000;
  return new Uint8Array(values.buffer);
}

/** The most that a part had since it started, in MB. */
const peakOf = (part: string): number =>
  (Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${house.pidOf(part)}/status`, 'utf8'))![1]) * 1024) / 1e6;

async function completed(path: string, body: object): Promise<string> {
  const { backup_id, status } = await house.run<{ backup_id: string }>(path, body);
  expect(status).toMatch(/^(completed|passed)$/);
  return backup_id;
}

const MS_MAX = 60_000 + DATA_MB * 1_000;

test(
  `two full backups of ${DATA_MB} MB leave the archiver below ${PEAK_MB_MAX} MB, their verification and a restore the restorer`,
  async () => {
    const pids = ['archiver', 'restorer'].map((part) => house.pidOf(part));
    await completed('/api/v1/backups', { tenant_id: 'acme' });
    const backup = await completed('/api/v1/backups', { tenant_id: 'acme' });
    await completed(`/api/v1/backups/${backup}/verify`, { level: 'full' });
    await completed(`/api/v1/backups/${backup}/restore`, { target_tenant: 'other' });
    const peaks = { archiver: Math.round(peakOf('archiver')), restorer: Math.round(peakOf('restorer')) };
    process.stderr.write(`memory: ${JSON.stringify({ data_mb: DATA_MB, ...peaks })}\n`);
    expect(['archiver', 'restorer'].map((part) => house.pidOf(part))).toEqual(pids);
    expect(Math.max(...Object.values(peaks))).toBeLessThan(PEAK_MB_MAX);
    expect(Math.min(...Object.values(peaks))).toBeGreaterThan(100);
    rmSync(join(house.source, 'other'), { recursive: true });
  },
  MS_MAX,
);
