/** A child process of the race between creators: opens the keys at URI, waits for a line on stdin, creates TENANT and prints its id key. */
import { once } from 'node:events';
import { openStore } from '@dr/storage';
import { openKeys } from '../index.ts';

const [uri, tenant, passphrase] = process.argv.slice(2) as [string, string, string];
const ring = await openKeys(await openStore(uri), { unlock: { passphrase: async () => passphrase } });
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const keys = (await ring.tenantKeys(tenant, { create: true }))!;
process.stdout.write(`${Buffer.from(keys.idKey).toString('hex')} ${Buffer.from(keys.dataKey(1)).toString('hex')}\n`);
process.exit(0);
