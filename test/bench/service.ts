import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningHouse } from '../e2e/support/running-house.ts';
import { copyFolder, updateInPlace } from './source-folder.ts';

/** What this needs of a running house (test/e2e/support). */
export interface House {
  /** Its folder. */
  readonly home: string;
  readonly source: string;
  run(path: string, body: object): Promise<{ status: string; backup_id?: string }>;
  stop(): Promise<void>;
}

/** The whole house on a home of its own, with a copy of nothing yet. `settings`: environment variables. */
export async function startHouse(work = tmpdir(), settings: Record<string, string> = {}): Promise<RunningHouse> {
  process.env['DR_TEST_SERVERS'] ??= work;
  const { RunningHouse } = await import('../e2e/support/running-house.ts');
  const house = await RunningHouse.start(settings);
  await house.untilReady();
  return house;
}

const GOOD = ['completed', 'partial', 'passed'];

export interface ServiceOptions {
  readonly house: House;
  readonly sources: readonly string[];
  readonly say: (line: string) => void;
  readonly restMs?: number;
}

/** The same steps through the service, once: from the request to the end that it reports, one backup per tenant, one after the other. Seconds by step. */
export async function serviceSeconds({ house, sources, say, restMs = 1500 }: ServiceOptions): Promise<Record<string, number>> {
  const seconds: Record<string, number> = {};
  let last = new Map<string, string>();
  const measure = async (step: string, work: () => Promise<void>): Promise<void> => {
    const start = performance.now();
    await work();
    seconds[step] = (performance.now() - start) / 1000;
    say(`service  ${step}`);
  };
  const backUp = (type: string) => async (): Promise<void> => {
    last = await ofEachTenant(house, (tenant) => ['/api/v1/backups', { tenant_id: tenant, type }]);
  };
  await copyFolder(sources[0]!, house.source);
  await pause(restMs);
  await measure('first', backUp('full'));
  await measure('unchanged', backUp('incremental'));
  for (const [i, next] of sources.slice(1).entries()) {
    await updateInPlace(house.source, next);
    await pause(restMs);
    await measure(`change ${i + 1}`, backUp('incremental'));
  }
  const backups = (action: string, body: object) => async (): Promise<void> => {
    await ofEachTenant(house, (tenant) => [`/api/v1/backups/${last.get(tenant)}/${action}`, body]);
  };
  await measure('restore', backups('restore', { overwrite_existing: true }));
  await measure('verify', backups('verify', { level: 'full' }));
  return seconds;
}

/** @returns backup ids by tenant. @throws when an operation does not end well. */
async function ofEachTenant(house: House, request: (tenant: string) => [path: string, body: object]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { name } of (await readdir(house.source, { withFileTypes: true })).filter((entry) => entry.isDirectory())) {
    if (name.startsWith('.')) continue;
    const [path, body] = request(name);
    const ended = await house.run(path, body);
    if (!GOOD.includes(ended.status)) throw new Error(`POST ${path} for ${name} ended as ${ended.status}: ${JSON.stringify(ended)}`);
    ids.set(name, ended.backup_id ?? '');
  }
  return ids;
}
