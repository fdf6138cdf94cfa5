import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface CommandRun {
  /** Program and arguments; no shell looks at them. */
  readonly command: readonly string[];
  /** Of this process; the command sees only what it needs to run. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it is told beside that. */
  readonly about: Readonly<Record<string, string>>;
  /** Its standard input. */
  readonly input?: string;
  /** Takes its standard output; without it nobody reads it. What this throws ends the command and is thrown. */
  readonly output?: (stdout: Readable) => Promise<void>;
  readonly signal: AbortSignal;
}

/** No passphrase, no key, no URL of a database: those have other names. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/**
 * Becomes the command, after it left a companion in the same process group that reads descriptor 3 and kills the whole group at its end. We
 * hold the other end, so nothing of a command outlives us, however we end; and while the companion is there nobody else gets the group's number.
 */
const WITH_COMPANION = '{ read -r _ <&3; kill -KILL -$$; } </dev/null >/dev/null 2>&1 & exec 3<&-; exec "$@"';

const STDERR_KEPT = 300;

/** How a command ended, in words. */
export interface CommandEnd {
  readonly ok: boolean;
  /** Such as `it ended with exit code 1`. */
  readonly how: string;
  /** The end of what it wrote to its standard error. */
  readonly said: string;
}

/**
 * Runs a command of the configuration file. It and all its children are gone when this returns, and when this process dies.
 * @throws the signal's reason, what `output` throws.
 */
export async function runCommand(run: CommandRun): Promise<CommandEnd> {
  run.signal.throwIfAborted();
  const child = begin(run);
  const killAll = () => killGroup(child);
  run.signal.addEventListener('abort', killAll, { once: true });
  try {
    const ended = endOf(child);
    const taken = run.output?.(child.stdout!).catch((error: unknown) => {
      killAll();
      throw error;
    });
    const [end] = await Promise.all([ended, taken]);
    run.signal.throwIfAborted();
    return end;
  } catch (error) {
    run.signal.throwIfAborted();
    throw error;
  } finally {
    run.signal.removeEventListener('abort', killAll);
    killAll();
    child.stdio[3]!.destroy();
  }
}

function begin({ command, env, about, input = '', output }: CommandRun): ChildProcess {
  const cut = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const child = spawn('/bin/sh', ['-c', WITH_COMPANION, 'sh', ...command], {
    env: { ...cut, ...about },
    stdio: ['pipe', output ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdio[3]!.on('error', () => undefined);
  child.stdin!.on('error', () => undefined); // a program that does not read its input is free to
  child.stdin!.end(input);
  return child;
}

/** Everything that the command and its children wrote has been read then; its companion is still there. */
async function endOf(child: ChildProcess): Promise<CommandEnd> {
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-STDERR_KEPT);
  });
  const exit = new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, by) => resolve([code, by]));
  });
  const [[code, by]] = await Promise.all([exit, closed(child.stdout), closed(child.stderr)]);
  const how = `it ended ${code === null ? `by ${by}` : `with exit code ${code}`}`;
  return { ok: code === 0, how, said: errors.trim().replace(/\s+/g, ' ') };
}

async function closed(stream: Readable | null): Promise<void> {
  if (stream && !stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()));
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
