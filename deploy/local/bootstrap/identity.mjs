/** Who a process is: a pid alone comes back after a reboot or a wrap-around, so its start time goes with it. Runs on Node 20. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ pid: number, started: string }} ProcessIdentity */

/**
 * When process `pid` started, as an opaque text that no other process with this pid has ever had; undefined when there is none (a zombie counts as none).
 * @param {number} pid
 * @returns {string | undefined}
 */
export function startTime(pid) {
  return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
}

/** @param {number} pid */
function fromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on: the name before may hold anything
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function fromPs(pid) {
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() ||
      undefined
    );
  } catch {
    return undefined;
  }
}

/**
 * @param {number} [pid]
 * @returns {ProcessIdentity}
 */
export function identify(pid = process.pid) {
  return { pid, started: startTime(pid) ?? '' };
}

/**
 * Whether exactly that process still runs.
 * @param {ProcessIdentity} identity
 */
export function isAlive({ pid, started }) {
  return started !== '' && startTime(pid) === started;
}
