import { readFileSync } from 'node:fs';

/** Whether a process runs. A zombie that nobody has collected yet has ended. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
