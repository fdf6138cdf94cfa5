/**
 * A lock that a dead owner does not hold. Files `<name>.<n>` name their owner (pid and start time); the highest number counts.
 * It is taken by linking the next number, which one process can do, and is mine only if no higher one is there afterwards:
 * nobody ever deletes a file that might just have become somebody else's lock. Runs on Node 20.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive } from './identity.mjs';

/** @typedef {import('./identity.mjs').ProcessIdentity} ProcessIdentity */
/** @typedef {{ file: string, release(): void, handOver(pid: number): void }} Lock */

/**
 * Takes the lock, or says who has it. A refused call writes nothing.
 * @param {string} folder made when absent
 * @param {string} name
 * @returns {{ lock: Lock, owner?: undefined } | { lock?: undefined, owner: ProcessIdentity }}
 */
export function takeLock(folder, name) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (;;) {
    const last = highest(folder, name);
    const owner = last > 0 ? ownerOf(join(folder, `${name}.${last}`)) : undefined;
    if (owner && isAlive(owner)) return { owner };
    if (!create(folder, name, last + 1)) continue;
    if (highest(folder, name) === last + 1) return { lock: held(folder, name, last + 1) };
    rmSync(join(folder, `${name}.${last + 1}`), { force: true });
  }
}

/** @param {string} folder @param {string} name */
function numbers(folder, name) {
  const numbered = readdirSync(folder).filter((file) => file.startsWith(`${name}.`) && /^\d+$/.test(file.slice(name.length + 1)));
  return numbered.map((file) => Number(file.slice(name.length + 1)));
}

/** @param {string} folder @param {string} name */
const highest = (folder, name) => Math.max(0, ...numbers(folder, name));

/**
 * @param {string} file
 * @returns {ProcessIdentity | undefined}
 */
function ownerOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Complete when it appears: written beside, then linked. @param {string} folder @param {string} name @param {number} n */
function create(folder, name, n) {
  const candidate = join(folder, `${name}.new-${process.pid}`);
  writeFileSync(candidate, JSON.stringify(identify()), { mode: 0o600 });
  try {
    linkSync(candidate, join(folder, `${name}.${n}`));
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(candidate, { force: true });
  }
}

/**
 * @param {string} folder @param {string} name @param {number} n
 * @returns {Lock}
 */
function held(folder, name, n) {
  for (const older of numbers(folder, name).filter((k) => k < n)) rmSync(join(folder, `${name}.${older}`), { force: true });
  return openLock(join(folder, `${name}.${n}`));
}

/**
 * The lock in `file`, for the process that has it (the supervisor gets the file's name from the bootstrap).
 * @param {string} file
 * @returns {Lock}
 */
export function openLock(file) {
  return {
    file,
    release: () => rmSync(file, { force: true }),
    handOver(pid) {
      writeFileSync(`${file}.new`, JSON.stringify(identify(pid)), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
  };
}
