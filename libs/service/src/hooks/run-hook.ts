import { basename } from 'node:path';
import type { Hook } from '@dr/config';
import type { HookRun } from '@dr/domain';
import { type CommandEnd, runCommand } from './run-command.ts';

export interface HookSurroundings {
  /** As JSON on a command's standard input, or the body of the request. */
  facts: object;
  /** The most important of them, as variables of a command. */
  about: Readonly<Record<string, string>>;
  /** Of this process; a hook sees only what it needs to run. */
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

const TIMEOUT_SECONDS = 300;

/**
 * Runs a hook of the configuration. Its failure is a result; only an abort throws, after the command was killed. Output goes into the message
 * as far as it explains a failure; names and messages hold no arguments and no paths of URLs, which may be secret.
 */
export async function runHook(hook: Hook, { facts, ...on }: HookSurroundings): Promise<HookRun> {
  const blocking = hook.on_error !== 'continue';
  const name = hook.command ? basename(hook.command[0]!) : `${new URL(hook.url!).origin}/…`;
  const timeout = AbortSignal.timeout((hook.timeout_seconds ?? TIMEOUT_SECONDS) * 1000);
  const signal = AbortSignal.any([on.signal, timeout]);
  const input = JSON.stringify(facts);
  try {
    const message = await (hook.command
      ? runCommand({ ...on, command: hook.command, input: `${input}\n`, signal }).then(failed)
      : post(hook.url!, input, signal));
    return { name, ok: message === '', blocking, message };
  } catch (error) {
    on.signal.throwIfAborted();
    const message = timeout.aborted ? `it took longer than ${hook.timeout_seconds ?? TIMEOUT_SECONDS} s and was ended` : said(error);
    return { name, ok: false, blocking, message };
  }
}

/** '' for one that ended well. */
const failed = ({ ok, how, said }: CommandEnd): string => (ok ? '' : said === '' ? how : `${how}: ${said}`);

async function post(url: string, body: string, signal: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
  await reply.body?.cancel();
  return reply.ok ? '' : `it was answered with status ${reply.status}`;
}

/** Node says the reason of a failed request in its cause. */
function said(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { message?: string } };
  return cause?.message ? `${message}: ${cause.message}` : message;
}
