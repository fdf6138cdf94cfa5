import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Resident megabytes of a process, and those of them that it shares with nobody (PostgreSQL's backends all show its buffers). */
export interface Resident {
  mb: number;
  ownMb: number;
}

const PAGES_PER_MB = 1024 ** 2 / 4096;

/** Every process of a house by name, PostgreSQL's backends by what they say they are. Whoever ends between two looks is passed over. */
export function houseMemory(home: string): Map<string, Resident> {
  const parents = parentsOfAll();
  const found = new Map<string, Resident>();
  for (const file of readdirSync(join(home, 'run')).filter((name) => name.endsWith('.json'))) {
    const part = file.replace('.json', '');
    const pid = ifThere(() => (JSON.parse(readFileSync(join(home, 'run', file), 'utf8')) as { pid: number }).pid);
    for (const one of pid === undefined ? [] : familyOf(pid, parents)) {
      const resident = ifThere(() => residentOf(one));
      if (resident) found.set(one === pid ? part : `${part} ${nameOf(one)} ${one}`, resident);
    }
  }
  return found;
}

function residentOf(pid: number): Resident {
  const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
  return { mb: resident! / PAGES_PER_MB, ownMb: (resident! - shared!) / PAGES_PER_MB };
}

/** Of PostgreSQL's processes what they call themselves, without port and what they are at: `dr_app dr 127.0.0.1`. */
const nameOf = (pid: number): string => {
  const title = ifThere(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]!) ?? '?';
  return title.startsWith('postgres: ')
    ? title
        .slice('postgres: '.length)
        .replace(/\(\d+\).*/, '')
        .trim()
    : basename(title);
};

function familyOf(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const children = [...parents].filter(([, parent]) => parent === pid).map(([child]) => child);
  return [pid, ...children.flatMap((child) => familyOf(child, parents))];
}

function parentsOfAll(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = ifThere(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
    if (stat !== undefined) parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  return parents;
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
