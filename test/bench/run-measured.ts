import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Command } from './contestant.ts';

export interface Measured {
  readonly seconds: number;
  /** Of the process and all its children; undefined where there is no /proc. */
  readonly cpuSeconds?: number;
  /** Most memory that the process and its children held at once. Bytes. */
  readonly peakBytes?: number;
}

const SAMPLE_MS = 10;
const CLOCK_TICKS_PER_SECOND = 100;

/** Runs a command to its end. @throws with what it said, if it fails. */
export async function runMeasured({ argv: [program, ...args], env, cwd }: Command): Promise<Measured> {
  const cpuBefore = childrenCpuSeconds();
  const start = performance.now();
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said = `${said}${bytes}`.slice(-4000)));
  const memory = watchMemory(child.pid);
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve(signal ?? exit));
  }).finally(() => memory.stop());
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${code}:\n${said}`);
  return { seconds, cpuSeconds: cpuBefore === undefined ? undefined : childrenCpuSeconds()! - cpuBefore, peakBytes: memory.peakBytes() };
}

/** CPU time of all children that have ended and been waited for, theirs included. */
function childrenCpuSeconds(): number | undefined {
  const fields = proc('self/stat')
    ?.replace(/^.*\) /, '')
    .split(' ');
  return fields && (Number(fields[13]) + Number(fields[14])) / CLOCK_TICKS_PER_SECOND;
}

function watchMemory(pid: number | undefined) {
  let peak = 0;
  const sample = (): void => {
    if (pid !== undefined) peak = Math.max(peak, treeBytes(pid));
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return { stop: () => clearInterval(timer), peakBytes: () => (peak === 0 ? undefined : peak) };
}

/** What the tree of a process holds now; for one process alone, its own high-water mark. */
function treeBytes(pid: number): number {
  const below = childrenOf(pid);
  const own = statusBytes(pid, below.length === 0 ? 'VmHWM' : 'VmRSS');
  return below.reduce((sum, child) => sum + treeBytes(child), own);
}

/** A child that has not begun its own program yet is a fork of its parent, whose memory it shares. */
function childrenOf(pid: number): number[] {
  const children = (proc(`${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
  const words = children.length > 0 && proc(`${pid}/cmdline`);
  return children.filter((child) => proc(`${child}/cmdline`) !== words);
}

function statusBytes(pid: number, field: string): number {
  return 1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(proc(`${pid}/status`) ?? '')?.[1] ?? 0);
}

function proc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}
