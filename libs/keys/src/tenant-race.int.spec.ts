import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { openStore } from '@dr/storage';
import { openKeys } from './index.ts';
import { newKeys, PASSPHRASE, withPassphrase } from './testing/key-fixtures.ts';

const PROCESSES = 4;
const folder = mkdtempSync(join(tmpdir(), 'dr-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Child = ChildProcessByStdio<Writable, Readable, null>;

function creator(tenant: string): Child {
  const script = fileURLToPath(new URL('./testing/create-tenant.ts', import.meta.url));
  const flags = ['--conditions=dr-source', '--disable-warning=ExperimentalWarning'];
  return spawn(process.execPath, [...flags, script, folder, tenant, PASSPHRASE], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

test('several processes that create the same tenant at once end with the same keys, which are the stored ones', async () => {
  const store = await openStore(folder);
  await newKeys(store);
  const children = Array.from({ length: PROCESSES }, () => creator('acme'));
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const answers = children.map((child) => once(child.stdout, 'data'));
  for (const child of children) child.stdin.write('go\n');
  const printed = (await Promise.all(answers)).map(([chunk]) => String(chunk).trim());

  const keys = (await (await openKeys(store, { unlock: withPassphrase() })).tenantKeys('acme'))!;
  const stored = `${Buffer.from(keys.idKey).toString('hex')} ${Buffer.from(keys.dataKey(1)).toString('hex')}`;
  expect(printed).toEqual(Array(PROCESSES).fill(stored));
  const [first, second] = await Promise.all(['keys', 'keys2'].map((copy) => store.read(`${copy}/t/${keys.tag}/1`)));
  expect(first).toEqual(second);
});
