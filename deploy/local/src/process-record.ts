/** What is written down about every process that we start, so that the next start can end it when we did not get to. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, isAlive } from '../bootstrap/identity.mjs';

/** `order`: the higher, the later it is stopped (services 0, NATS 1, PostgreSQL 2). */
export interface StopRule {
  order: number;
  signal: NodeJS.Signals;
  /** How long it may take after `signal` until it is killed. */
  graceMs: number;
}

interface ProcessRecord extends StopRule {
  name: string;
  pid: number;
  started: string;
}

/** Writes DR_HOME/run/<name>.json for the process that was just started. @returns what removes it again. */
export function recordProcess(runFolder: string, name: string, pid: number, rule: StopRule): () => void {
  mkdirSync(runFolder, { recursive: true, mode: 0o700 });
  const file = join(runFolder, `${name}.json`);
  const record: ProcessRecord = { name, ...rule, ...identify(pid) };
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return () => rmSync(file, { force: true });
}

function readRecords(runFolder: string): ProcessRecord[] {
  if (!existsSync(runFolder)) return [];
  return readdirSync(runFolder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(runFolder, file), 'utf8')) as ProcessRecord);
}

/** Ends what an earlier supervisor left running, services first, PostgreSQL last. @returns the names of those that were still there. */
export async function stopOrphans(runFolder: string): Promise<string[]> {
  const records = readRecords(runFolder);
  const orphans = records.filter(isAlive).sort((a, b) => a.order - b.order);
  for (const order of new Set(orphans.map((o) => o.order))) await Promise.all(orphans.filter((o) => o.order === order).map(end));
  for (const { name } of records) rmSync(join(runFolder, `${name}.json`), { force: true });
  return orphans.map((o) => o.name);
}

async function end(orphan: ProcessRecord): Promise<void> {
  signalGroup(orphan.pid, orphan.signal);
  for (let waited = 0; waited < orphan.graceMs; waited += 20) {
    if (!isAlive(orphan)) return;
    await pause(20);
  }
  signalGroup(orphan.pid, 'SIGKILL');
  while (isAlive(orphan)) await pause(20);
}

/** Every process of ours leads a group; the leader alone gets a polite signal, SIGKILL goes to all of the group. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
