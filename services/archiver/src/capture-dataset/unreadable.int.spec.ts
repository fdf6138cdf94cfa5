/** A data set that the archiver may not read in whole, captured by a process that is not root, without any server. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RecordCaptured } from '@dr/domain';
import { openStore } from '@dr/storage';
import { newRepository } from '../../../../libs/repository/src/testing/opened.ts';
import { asNobody } from '../../../../libs/storage/src/testing/as-nobody.ts';
import { nextBackupId, refsOf } from '../testing/archive.ts';
import { captureDataset } from './capture-dataset.ts';

const NOBODY = 65_534;
const now = () => Date.now();

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that belongs to the user who will read it. */
function folderOfNobody(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dr-unreadable-'));
  folders.push(folder);
  if (process.geteuid!() === 0) chownSync(folder, NOBODY, NOBODY);
  return folder;
}

/** Once as the user who runs the tests, so that all modules are loaded: nobody may not write their cache. */
beforeAll(() => captured({}, (work) => work()), 60_000);

async function captured(closed: Record<string, number>, by: typeof asNobody = asNobody): Promise<RecordCaptured> {
  const folder = folderOfNobody();
  return by(async () => {
    for (const path of ['meta.json', 'a.bin', 'sub/b.bin', 'sub/deep/c.bin']) {
      mkdirSync(dirname(join(folder, 'source/acme/set', path)), { recursive: true });
      writeFileSync(join(folder, 'source/acme/set', path), path);
    }
    for (const [path, mode] of Object.entries(closed)) chmodSync(join(folder, 'source/acme/set', path), mode);
    await using stack = new AsyncDisposableStack();
    mkdirSync(join(folder, 'repository'));
    const store = stack.adopt(await openStore(join(folder, 'repository')), (s) => s.close());
    const repository = stack.adopt(await newRepository(store, { now }), (r) => r.close());
    const tenant = await repository.tenant('acme', { create: true });
    const backupId = nextBackupId();
    const session = stack.adopt(await tenant.session(backupId, { type: 'full' }), (s) => s.close());
    return await captureDataset({ session, tenant, backupId, dataset: refsOf(['set'])[0]!, sourceRoot: join(folder, 'source'), now });
  });
}

const errorsOf = ({ findings }: RecordCaptured) => findings.filter(({ severity }) => severity === 'error');

test('a file without permission is a finding, and the rest is captured', async () => {
  const record = await captured({ 'a.bin': 0 });
  expect(errorsOf(record)).toEqual([
    expect.objectContaining({ code: 'W1', path: 'a.bin', message: expect.stringMatching(/^unreadable: .*EACCES/) }),
  ]);
  expect(record.objects).toBe(3);
});

test('a folder without permission is a finding that says that what lies below it is missing too', async () => {
  const record = await captured({ 'sub/deep': 0 });
  expect(errorsOf(record)).toEqual([
    expect.objectContaining({
      code: 'W1',
      path: 'sub/deep',
      message: expect.stringMatching(/^not captured, nor what lies below it: .*EACCES/),
    }),
  ]);
  expect(record.objects).toBe(3);
});

test('a data set without any permission is not captured: nothing of it would be there', async () => {
  await expect(captured({ '': 0 })).rejects.toMatchObject({ code: 'source.unavailable' });
});
