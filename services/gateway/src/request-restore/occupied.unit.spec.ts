import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOccupied } from './occupied.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dr-occupied-'));
  for (const folder of ['acme/set', 'globex/secret']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'acme/file'), '');
  symlinkSync(join(root, 'globex'), join(root, 'acme/link'));
  symlinkSync(join(root, 'nowhere'), join(root, 'acme/dangling'));
});
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  ['acme/set', true],
  ['acme/file', true],
  ['acme/new', false],
  ['acme/new/deep', false],
  ['acme/set/deep', false],
  ['other/set', false],
])('%s: %p', async (path, there) => expect(await isOccupied(root, path.split('/'))).toBe(there));

test.each(['acme/link/secret', 'acme/link/nothing', 'acme/link', 'acme/dangling', 'acme/dangling/x'])(
  'behind a link everything is in the way alike, whatever lies there: %s',
  async (path) => expect(await isOccupied(root, path.split('/'))).toBe(true),
);

test.each(['acme/file/x', 'acme/file/x/y'])('a file is no folder: %s', async (path) =>
  expect(await isOccupied(root, path.split('/'))).toBe(true),
);
