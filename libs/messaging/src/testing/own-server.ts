import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../../../deploy/local/src/free-port.ts';
import { findNatsServer } from '../../../../deploy/local/src/nats-binary.ts';
import { freshDir } from '../../../../test/support/servers.ts';

export interface OwnServer {
  readonly url: string;
  /** Starts it (again) on the same port with the same data. */
  start(): Promise<void>;
  /** Ends it with a signal and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** A NATS server that a spec may stop and start. `users` is the inside of its `authorization` block, if any. */
export async function ownServer(authorization?: string): Promise<OwnServer> {
  const folder = freshDir('nats');
  const [program, port] = [await findNatsServer({ toolsFolder: join(folder, 'tools') }), await freePort()];
  const config = join(folder, 'nats.conf');
  const lines = [`listen: "127.0.0.1:${port}"`, `jetstream { store_dir: "${folder}" }`];
  writeFileSync(config, [...lines, authorization === undefined ? '' : `authorization { ${authorization} }`].join('\n'), { mode: 0o600 });
  let child: ReturnType<typeof spawn> | undefined;
  const start = async () => {
    child = spawn(program, ['-c', config], { stdio: 'ignore' });
    await listening(port);
  };
  const end = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  await start();
  return { url: `nats://127.0.0.1:${port}`, start, end };
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await pause(20);
  }
  throw new Error(`the NATS server did not listen on port ${port}`);
}
