import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bytesIn, copyFolder, differences, updateInPlace } from './source-folder.ts';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'dr-bench-spec-'));
});
afterEach(() => rmSync(work, { recursive: true }));

function folder(name: string, files: Record<string, string>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(work, name, path)), { recursive: true });
    writeFileSync(join(work, name, path), content);
  }
  return join(work, name);
}

test('a copy has the bytes and the times', async () => {
  const from = folder('from', { 'a/b': 'text' });
  utimesSync(join(from, 'a/b'), 1000, 1000);
  await copyFolder(from, join(work, 'to'));
  expect(readFileSync(join(work, 'to/a/b'), 'utf8')).toBe('text');
  expect(statSync(join(work, 'to/a/b')).mtimeMs).toBe(1_000_000);
});

test('an update writes what differs, in place, and leaves everything else untouched', async () => {
  const had = folder('had', { same: 'same', changed: 'old', gone: 'gone', 'x/y': '1' });
  const next = folder('next', { same: 'same', changed: 'new', 'z/new': 'new', 'x/y': '22' });
  const before = Object.fromEntries(['same', 'changed'].map((name) => [name, statSync(join(had, name), { bigint: true })]));
  expect(await updateInPlace(had, next)).toEqual(['changed', 'gone', 'x/y', 'z/new']);
  expect(await differences(had, next)).toEqual([]);
  expect(readdirSync(had).sort()).toEqual(['changed', 'same', 'x', 'z']);
  expect(statSync(join(had, 'same'), { bigint: true })).toMatchObject({ ino: before['same']!.ino, ctimeNs: before['same']!.ctimeNs });
  expect(statSync(join(had, 'changed'), { bigint: true }).ino).toBe(before['changed']!.ino);
});

test('differences are paths that only one has, and other bytes', async () => {
  const [one, other] = [folder('one', { a: '1', b: '2', c: '3' }), folder('other', { a: '1', b: 'x', d: '4' })];
  expect((await differences(one, other)).sort()).toEqual(['b', 'c', 'd']);
  expect(await bytesIn(one)).toBe(3);
});
