import { createServer } from 'node:net';

/** A TCP port on 127.0.0.1 that nobody listens on now. Somebody else may take it before the caller does: retry on a failed start. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new TypeError('no port'))));
    });
  });
}
