import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../context.ts';
import { run } from '../run.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process, as a terminal would see it. DR_HOME is nowhere unless `env` says otherwise. */
export async function dr(argv: readonly string[], given: Partial<Machine> = {}): Promise<Ran> {
  const ran: Ran = { code: -1, stdout: '', stderr: '' };
  const machine: Machine = {
    folder: tmpdir(),
    now: () => Date.now(),
    signal: new AbortController().signal,
    isTerminal: false,
    stdout: (text) => {
      ran.stdout += text;
    },
    stderr: (text) => {
      ran.stderr += text;
    },
    ...given,
    env: { DR_HOME: join(tmpdir(), 'dr-no-such-home'), ...given.env },
  };
  ran.code = await run(argv, machine);
  return ran;
}
