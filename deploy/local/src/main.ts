/** The supervisor of `npm start` (`main.ts CHECKOUT [flags]`): takes the lock over from the bootstrap, starts the house, stays, stops everything at the end. */
import { join, resolve } from 'node:path';
import { ConfigurationError, readFlags } from '@dr/config';
import { type Lock, openLock, takeLock } from '../bootstrap/lock.mjs';
import { House, StoppedWhileStarting } from './house.ts';
import { RotatingLog } from './rotating-log.ts';
import { StartError } from './start-error.ts';
import { startHouse } from './start-house.ts';
import { onStopSignals } from './stop-signals.ts';

const [checkout = join(import.meta.dirname, '..', '..', '..'), ...words] = process.argv.slice(2);
const root = resolve(checkout);
const home = resolve(process.env['DR_HOME'] || join(root, '.dr'));

/** The bootstrap has the lock; when it could not become us, it hands it over. */
function takeOverLock(): Lock {
  const file = process.env['DR_LOCK_FILE'];
  if (file) {
    const lock = openLock(file);
    lock.handOver(process.pid);
    return lock;
  }
  const { lock, owner } = takeLock(home, 'lock');
  if (lock) return lock;
  throw new StartError('local.running', `Tributary DR is already running on ${home} (process ${owner.pid}).`);
}

function flagsOrRelease(lock: Lock): ReturnType<typeof readFlags> {
  try {
    return readFlags(words);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function main(): Promise<number> {
  const lock = takeOverLock();
  const flags = flagsOrRelease(lock);
  const house = new House({ home, say });
  const log = new RotatingLog(join(home, 'logs', 'supervisor.log'));
  function say(line: string): void {
    process.stdout.write(`${line}\n`);
    log.write(`${new Date().toISOString()} ${line}\n`);
  }
  const end = Promise.withResolvers<number>();
  const stop = (): void => {
    say('stopping …');
    void house.stop().then(() => end.resolve(0));
  };
  onStopSignals({ stop, hurry: () => house.hurry(), now: () => Date.now() }, process.env['DR_LIFELINE_FD']);
  process.stdout.on('error', () => undefined); // a closed terminal must not keep us from stopping in order
  try {
    await startHouse({
      house,
      home,
      root,
      environment: process.env,
      flags,
      say,
      terminal: process.stdout.isTTY === true,
      now: () => Date.now(),
    });
  } catch (error) {
    if (!(error instanceof StoppedWhileStarting) && !house.signal.aborted) {
      say(`could not start: ${error instanceof Error && 'code' in error ? error.message : String((error as Error).stack ?? error)}`);
      await house.stop();
      end.resolve(1);
    }
  }
  const code = await end.promise;
  if (code === 0) say('stopped');
  lock.release();
  return code;
}

process.exitCode = await main().catch((error: unknown) => {
  const known = error instanceof StartError || error instanceof ConfigurationError;
  process.stderr.write(`tributary-dr: ${known ? error.message : String(error)}\n`);
  return error instanceof ConfigurationError ? 2 : 1;
});
process.exit();
