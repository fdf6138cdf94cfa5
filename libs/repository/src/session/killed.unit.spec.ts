import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '@dr/storage';
import { contentsOf, folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { reopened } from '../testing/opened.ts';
import type { CapturedTree } from '../types.ts';

afterAll(removeFolders);

const script = new URL('../testing/back-up-folder.ts', import.meta.url).pathname;

function start(store: string, folder: string, backupId: string): ChildProcess {
  return spawn(process.execPath, ['--no-memory-protection-keys', '--conditions=dr-source', script, store, folder, backupId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout!.on('data', (chunk) => (text += chunk));
  await once(child, 'close');
  return text;
}

/** Packs that are stored, with their sizes. */
function packsIn(store: string): { count: number; bytes: number } {
  const names = (readdirSync(store, { recursive: true }) as string[]).filter((name) => /^t\/[^/]+\/packs\/.*\/[0-9a-f]{64}$/.test(name));
  return { count: names.length, bytes: names.reduce((sum, name) => sum + statSync(join(store, name)).size, 0) };
}

async function killedInTheMiddle(store: string, folder: string): Promise<void> {
  const child = start(store, folder, 'backup_1');
  const closed = once(child, 'close');
  while (packsIn(store).count < 3 && child.exitCode === null) await sleep(1);
  child.kill('SIGKILL');
  await closed;
}

test('kill -9 in the middle of a capture: the next process finishes the backup and stores nothing twice', async () => {
  const folder = folderOf(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`part-${i}.bin`, randomBytes(8_000_000)])));
  const store = temporaryFolder('store');
  await killedInTheMiddle(store, folder);
  const before = packsIn(store);
  expect(before.count).toBeGreaterThanOrEqual(3);
  expect(before.bytes).toBeLessThan(96_000_000);

  const text = await output(start(store, folder, 'backup_1'));
  const tree = JSON.parse(text.split('\n')[1]!) as CapturedTree;
  expect(tree).toMatchObject({ objects: 12, bytes: 96_000_000, findings: [] });
  const after = packsIn(store);
  /** Random bytes do not compress: what the packs hold beyond the data is headers, footers, padding and one small meta pack. */
  expect(after.bytes).toBeLessThan(96_000_000 + after.count * 16_384);
  expect(tree.newBytes).toBeLessThan(96_000_000 - before.bytes + 200_000);

  const repository = await reopened(await openStore(store), 'read');
  const tenant = await repository.tenant('acme');
  expect((await tenant.verify('backup_1', { level: 'full' })).findings).toEqual([]);
  const target = join(temporaryFolder(), 'back');
  await tenant.restore(tree.root, target);
  expect(contentsOf(target)).toEqual(contentsOf(folder));
  await repository.close();
}, 60_000);
