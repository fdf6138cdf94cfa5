/**
 * A child process of the contract suite, killed in the middle of a put: `node put-in-a-loop.ts URI PREFIX BYTES`. Prints a line per finished put.
 * Object n consists of the byte n % 251 only, so that anybody can tell a whole object from a half one.
 */
import { openStore } from '../open-store.ts';

const [uri, prefix, bytes] = process.argv.slice(2) as [string, string, string];
const store = await openStore(uri);
for (let n = 0; ; n++) {
  await store.createIfAbsent(`${prefix}/${String(n).padStart(6, '0')}`, Buffer.alloc(Number(bytes), n % 251));
  process.stdout.write(`${n}\n`);
}
