import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names a worker process so that another one on the same machine can tell whether it still lives: `service@host:pid:place:start`, where
 * place is the pid namespace (two containers may share a host's name, but not that) and start the moment at which the process began.
 */
export function workerIdentity(service: string, pid = process.pid): string {
  return `${service}@${hostname()}:${pid}:${pidNamespace()}:${startOf(pid) ?? 'unknown'}`;
}

/** True only for a process that ran on this machine, where we can look, and runs no more. A doubt counts as alive: its lease runs out anyway. */
export function isGone(worker: string): boolean {
  const [, host, pid, place, start] = /^[^@]+@(.+):(\d+):(\w+):(\w+)$/.exec(worker) ?? [];
  const canLook = host === hostname() && place === pidNamespace() && place !== 'unknown' && start !== 'unknown';
  return canLook && startOf(Number(pid)) !== start;
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    return 'unknown';
  }
}

/** Boot and clock tick of a process's start; undefined when there is none, or only its remains. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on: the name before may hold anything
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    return `${boot}x${fields[19]}`;
  } catch {
    return undefined;
  }
}
