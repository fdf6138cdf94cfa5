import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import type { Hook } from '@dr/config';
import type { HookRun } from '@dr/domain';
import type { HookFacts } from './hook-facts.ts';

export interface HookSurroundings {
  facts: HookFacts;
  /** Of this process; a hook sees only what it needs to run. */
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

const TIMEOUT_SECONDS = 300;

/** No passphrase, no key, no URL of a database: those have other names. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/**
 * Runs a hook of the configuration. Its failure is a result; only an abort throws, after the command was killed. Output goes into the message
 * as far as it explains a failure; names and messages hold no arguments and no paths of URLs, which may be secret.
 */
export async function runHook(hook: Hook, on: HookSurroundings): Promise<HookRun> {
  const blocking = hook.on_failure !== 'warn';
  const name = hook.command ? basename(hook.command[0]!) : `${new URL(hook.url!).origin}/…`;
  const timeout = AbortSignal.timeout((hook.timeout_seconds ?? TIMEOUT_SECONDS) * 1000);
  const signal = AbortSignal.any([on.signal, timeout]);
  const run = hook.command ? runCommand(hook.command, { ...on, signal }) : post(hook.url!, on.facts, signal);
  try {
    const message = await run;
    return { name, ok: message === '', blocking, message };
  } catch (error) {
    on.signal.throwIfAborted();
    const message = timeout.aborted ? `it took longer than ${hook.timeout_seconds ?? TIMEOUT_SECONDS} s and was ended` : said(error);
    return { name, ok: false, blocking, message };
  }
}

/** @returns '' when it ended with 0, else what went wrong. */
function runCommand([program, ...args]: readonly string[], { facts, env, signal }: HookSurroundings): Promise<string> {
  return new Promise((resolve, reject) => {
    const cut = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
    const about = { DR_RESTORE_ID: facts.restore_id, DR_BACKUP_ID: facts.backup_id, DR_TENANT: facts.tenant_id };
    const child = spawn(program!, args, {
      env: { ...cut, ...about, DR_TARGET_TENANT: facts.target_tenant },
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
      shell: false,
    });
    const killAll = () => void (child.pid !== undefined && killGroup(child.pid));
    signal.addEventListener('abort', killAll, { once: true });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-STDERR_KEPT);
    });
    child.stdin.on('error', () => undefined); // a program that does not read its input is free to
    child.stdin.end(`${JSON.stringify(facts)}\n`);
    child.once('error', reject);
    child.once('close', (code, by) => {
      signal.removeEventListener('abort', killAll);
      if (signal.aborted) return reject(signal.reason);
      resolve(code === 0 ? '' : endOf(code, by, errors));
    });
  });
}

const STDERR_KEPT = 300;

function endOf(code: number | null, by: string | null, errors: string): string {
  const told = errors.trim().replace(/\s+/g, ' ');
  return `it ended ${code === null ? `by ${by}` : `with exit code ${code}`}${told === '' ? '' : `: ${told}`}`;
}

/** A hook's own children end with it. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

async function post(url: string, facts: HookFacts, signal: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(facts), signal, redirect: 'error' });
  await reply.body?.cancel();
  return reply.ok ? '' : `it was answered with status ${reply.status}`;
}

/** Node says the reason of a failed request in its cause. */
function said(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { message?: string } };
  return cause?.message ? `${message}: ${cause.message}` : message;
}
