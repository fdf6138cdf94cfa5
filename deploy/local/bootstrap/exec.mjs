/** Hands this process over to another program: by execve where Node has it, else by waiting for a child. Runs on Node 20. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const forwarded = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/**
 * Does not come back. The child is told by DR_LIFELINE_FD when we die: it reads that descriptor to its end.
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string | undefined>} env
 */
export function become(program, args, env) {
  const { execve } = /** @type {{ execve?: (file: string, argv: string[], env: object) => void }} */ (/** @type {unknown} */ (process));
  if (execve) execve.call(process, program, [program, ...args], definedOnly(env));
  else waitFor(program, args, env);
}

/** @param {Record<string, string | undefined>} env */
const definedOnly = (env) => Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));

/** @param {string} program @param {string[]} args @param {Record<string, string | undefined>} env */
function waitFor(program, args, env) {
  const child = spawn(program, args, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], env: { ...env, DR_LIFELINE_FD: '3' } });
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    process.stderr.write(`tributary-dr: could not run ${program}: ${error.message}\n`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
}
