import { createServer } from 'node:net';
import { freePort } from './free-port.ts';
import { StartError } from './start-error.ts';

/** @returns `port` when it can be listened on, any free one for 0. @throws StartError that names DR_PORT. */
export async function checkPort(host: string, port: number): Promise<number> {
  if (port === 0) return freePort();
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
      reject(
        new StartError(
          'local.port_taken',
          `The gateway cannot listen on ${host} port ${port}: ${reason}. Set DR_PORT to a free port, or end that program.`,
        ),
      );
    });
    server.listen(port, host, () => server.close(() => resolve()));
  });
  return port;
}

/** Where clients on this machine reach a server that listens on `host`. */
export function localUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
