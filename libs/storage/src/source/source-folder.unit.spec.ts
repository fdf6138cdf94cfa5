import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { RangeOutside } from '../errors.ts';
import { asNobody } from '../testing/as-nobody.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { SourceMissing, SourceNotAFile, SourceOutside, SourceUnavailable } from './errors.ts';
import { openSourceFolder } from './open-source-folder.ts';
import type { SourceFile, SourceFolder } from './source-folder.ts';

/** A folder with these files (path → content), opened. */
async function sourceWith(files: Record<string, string>): Promise<{ root: string; source: SourceFolder }> {
  const root = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return { root, source: await openSourceFolder(root) };
}

async function all(pages: AsyncIterable<SourceFile[]>): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for await (const page of pages) found.push(...page);
  return found;
}

const paths = (files: SourceFile[]): string[] => files.map((file) => file.path);

describe('listing', () => {
  test('gives every entry, folders included, in the byte order of the paths', async () => {
    const { source } = await sourceWith({
      'a/x': '1',
      'a/b/c': '2',
      'a-b': '3',
      a0: '4',
      'z/é': '5',
      'z/\u{1F600}': '6',
      'z/\uFB01': '7',
      '.hidden': '8',
    });
    const found = paths(await all(source.list()));
    expect(found).toEqual(['.hidden', 'a', 'a-b', 'a/b', 'a/b/c', 'a/x', 'a0', 'z', 'z/é', 'z/\uFB01', 'z/\u{1F600}']);
    expect(found).toEqual(found.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  test('lists below a folder, with paths from the root, without the folder itself', async () => {
    const { source } = await sourceWith({ 'a/x': '1', 'a/b/c': '2', 'b/c': '3' });
    expect(paths(await all(source.list('a')))).toEqual(['a/b', 'a/b/c', 'a/x']);
    expect(paths(await all(source.list('a/b')))).toEqual(['a/b/c']);
    await expect(all(source.list('nothing'))).rejects.toThrow(SourceMissing);
    await expect(all(source.list('a/x'))).rejects.toThrow(SourceOutside);
  });

  test('pages never hold more than 1,000 entries', async () => {
    const { source } = await sourceWith(
      Object.fromEntries(Array.from({ length: 2_500 }, (_, i) => [`d/${String(i).padStart(4, '0')}`, ''])),
    );
    const sizes: number[] = [];
    for await (const page of source.list()) sizes.push(page.length);
    expect(sizes.reduce((a, b) => a + b)).toBe(2_501);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
    expect(await source.readdir('d')).toHaveLength(2_500);
  });

  test('reports size, mode, owner and times with all their digits', async () => {
    const { root, source } = await sourceWith({ f: '12345' });
    chmodSync(join(root, 'f'), 0o640);
    execFileSync('touch', ['-d', '2024-02-03 04:05:06.123456789 UTC', join(root, 'f')]);
    const [file] = await all(source.list());
    expect(file).toMatchObject({ path: 'f', kind: 'file', size: 5, mode: 0o640, uid: process.getuid!(), gid: process.getgid!() });
    expect(file!.mtimeNs).toBe(1706933106123456789n);
    expect(file!.ino).toBeGreaterThan(0n);
    expect(file!.ctimeNs).toBeGreaterThan(file!.mtimeNs);
    expect(await source.stat('f')).toEqual(file);
  });

  test('reports links and special files by their kind and goes into neither', async () => {
    const { root, source } = await sourceWith({ 'real/f': '1' });
    symlinkSync('real', join(root, 'link'));
    symlinkSync('/etc', join(root, 'out'));
    symlinkSync('gone', join(root, 'dangling'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const found = await all(source.list());
    expect(found.map(({ path, kind, linkTarget }) => [path, kind, linkTarget])).toEqual([
      ['dangling', 'symlink', 'gone'],
      ['link', 'symlink', 'real'],
      ['out', 'symlink', '/etc'],
      ['pipe', 'special', undefined],
      ['real', 'dir', undefined],
      ['real/f', 'file', undefined],
    ]);
    expect(await source.stat('out')).toMatchObject({ kind: 'symlink', linkTarget: '/etc' });
  });

  test('readdir gives one folder only', async () => {
    const { source } = await sourceWith({ 'a/x': '1', 'a/b/c': '2', c: '3' });
    expect(paths(await source.readdir())).toEqual(['a', 'c']);
    expect(paths(await source.readdir('a'))).toEqual(['a/b', 'a/x']);
  });

  test('leaves out what vanishes while it lists', async () => {
    const { root, source } = await sourceWith({ 'a/1': '', 'b/1': '', 'c/1': '' });
    const found: string[] = [];
    for await (const page of source.list()) {
      rmSync(join(root, 'b'), { recursive: true, force: true });
      found.push(...paths(page));
    }
    expect(found.filter((path) => !path.startsWith('b'))).toEqual(['a', 'a/1', 'c', 'c/1']);
    expect(found).not.toContain('b/1');
  });

  test('a folder swapped for a link in mid-listing leads nowhere', async () => {
    const outside = await sourceWith({ secret: 'x' });
    const { root, source } = await sourceWith({ 'a/1': '', 'b/1': '' });
    const found: string[] = [];
    for await (const page of source.list()) {
      if (found.length === 0) {
        renameSync(join(root, 'b'), join(root, 'was-b'));
        symlinkSync(outside.root, join(root, 'b'));
      }
      found.push(...paths(page));
    }
    expect(found.some((path) => path.includes('secret'))).toBe(false);
  });
});

describe('what the system refuses to show', () => {
  async function refusing(): Promise<SourceFolder> {
    const { root, source } = await sourceWith({ 'a/1': '', 'closed/1': '', 'names-only/1': '', 'z/1': '' });
    chmodSync(root, 0o755);
    chmodSync(join(root, 'closed'), 0);
    chmodSync(join(root, 'names-only'), 0o444);
    return source;
  }

  test('is told and left out, and the rest is listed', async () => {
    const source = await refusing();
    const told: [string, string][] = [];
    const found = await asNobody(() => all(source.list('', (path, { code, message }) => told.push([path, `${code} ${message}`]))));
    expect(paths(found)).toEqual(['a', 'a/1', 'closed', 'names-only', 'z', 'z/1']);
    expect(told).toEqual([
      ['closed', expect.stringContaining('source.unavailable')],
      ['names-only', expect.stringContaining('EACCES')],
    ]);
  });

  test('is an error when nobody asked to be told', async () => {
    const source = await refusing();
    await expect(asNobody(() => all(source.list()))).rejects.toThrow(SourceUnavailable);
  });

  test('does not hide a defect of ours: without the folder itself there is no listing', async () => {
    const source = await refusing();
    await expect(asNobody(() => all(source.list('closed', () => undefined)))).rejects.toThrow(SourceUnavailable);
  });
});

test('a link to a name that is no UTF-8 is flagged: as text it would lead elsewhere', async () => {
  const { root, source } = await sourceWith({ f: '1' });
  symlinkSync(Buffer.of(0x78, 0xff), join(root, 'bad'));
  symlinkSync('é', join(root, 'good'));
  const found = await all(source.list());
  expect(found.map(({ path, linkTarget, linkProblem }) => [path, linkTarget, linkProblem?.code])).toEqual([
    ['bad', undefined, 'source.target_not_utf8'],
    ['f', undefined, undefined],
    ['good', 'é', undefined],
  ]);
  expect(found[0]!.linkProblem!.message).toContain('x\\xff');
  expect(await source.stat('bad')).toEqual(found[0]);
});

describe('names', () => {
  test('that are not UTF-8 are rendered and flagged, and what lies below them is not listed', async () => {
    const { root, source } = await sourceWith({ ok: '1' });
    writeFileSync(Buffer.concat([Buffer.from(join(root, 'bad')), Buffer.of(0xff, 0x5c)]), '2');
    mkdirSync(Buffer.concat([Buffer.from(join(root, 'dir')), Buffer.of(0xfe)]));
    writeFileSync(Buffer.concat([Buffer.from(join(root, 'dir')), Buffer.of(0xfe), Buffer.from('/below')]), '3');
    const found = await all(source.list());
    expect(found.map((file) => [file.path, file.kind, file.nameProblem?.code])).toEqual([
      ['bad\\xff\\\\', 'file', 'source.name_not_utf8'],
      ['dir\\xfe', 'dir', 'source.name_not_utf8'],
      ['ok', 'file', undefined],
    ]);
    expect(found[0]!.nameProblem!.message).toContain('Rename it');
  });

  test('that are not NFC are flagged and keep their bytes', async () => {
    const decomposed = 'e\u0301';
    const { source } = await sourceWith({ [decomposed]: 'x', é: 'y' });
    const found = await all(source.list());
    expect(found.map((file) => [file.path, file.nameProblem?.code])).toEqual([
      [decomposed, 'source.name_not_nfc'],
      ['é', undefined],
    ]);
    expect(Buffer.from(await source.read(decomposed)).toString()).toBe('x');
  });
});

describe('reading', () => {
  test('gives the whole file, a range, or what pread finds', async () => {
    const { source } = await sourceWith({ 'a/f': '0123456789', empty: '' });
    expect(Buffer.from(await source.read('a/f')).toString()).toBe('0123456789');
    expect(Buffer.from(await source.read('a/f', { start: 3, end: 6 })).toString()).toBe('345');
    expect(await source.read('empty')).toHaveLength(0);
    const handle = await source.open('a/f');
    const buffer = Buffer.alloc(8);
    expect(await handle.read(buffer, 6)).toBe(4);
    expect(buffer.subarray(0, 4).toString()).toBe('6789');
    expect(await handle.read(buffer, 10)).toBe(0);
    expect(await handle.stat()).toEqual(await source.stat('a/f'));
    await handle.close();
  });

  test('the blocking handle does the same', async () => {
    const { source } = await sourceWith({ 'a/f': '0123456789' });
    const handle = source.openSync('a/f');
    const buffer = Buffer.alloc(8);
    expect(handle.read(buffer, 6)).toBe(4);
    expect(buffer.subarray(0, 4).toString()).toBe('6789');
    expect(handle.stat()).toEqual(await source.stat('a/f'));
    handle.close();
  });

  test.each([
    [0, 11],
    [5, 5],
    [-1, 3],
  ])('refuses the range [%i, %i) of ten bytes', async (start, end) => {
    const { source } = await sourceWith({ f: '0123456789' });
    await expect(source.read('f', { start, end })).rejects.toThrow(RangeOutside);
  });

  test('goes on with a file that was renamed over or removed after it was opened', async () => {
    const { root, source } = await sourceWith({ f: 'old', new: 'new' });
    const handle = await source.open('f');
    renameSync(join(root, 'new'), join(root, 'f'));
    const buffer = Buffer.alloc(3);
    await handle.read(buffer, 0);
    expect(buffer.toString()).toBe('old');
    await handle.close();
  });
});

describe.each(['open', 'openSync', 'read'] as const)('%s refuses', (method) => {
  const attempt = async (source: SourceFolder, path: string): Promise<unknown> => source[method](path);

  test.each(['../x', 'a/../../x', '/etc/passwd', '', '.', 'a//b', 'a/', 'a\0b'])('the path %j', async (path) => {
    const { source } = await sourceWith({ 'a/b': '1' });
    await expect(attempt(source, path)).rejects.toThrow(SourceOutside);
  });

  test('a link as the last part, whether it leads out or not', async () => {
    const { root, source } = await sourceWith({ f: '1' });
    symlinkSync('f', join(root, 'in'));
    symlinkSync('/etc/passwd', join(root, 'out'));
    await expect(attempt(source, 'in')).rejects.toThrow(SourceNotAFile);
    await expect(attempt(source, 'out')).rejects.toThrow(SourceNotAFile);
  });

  test('a link on the way, even to a folder below the same root', async () => {
    const outside = await sourceWith({ f: 'secret' });
    const { root, source } = await sourceWith({ 'tenant-b/f': '1', 'tenant-a/g': '2' });
    symlinkSync(outside.root, join(root, 'out'));
    symlinkSync('../tenant-b', join(root, 'tenant-a/link'));
    await expect(attempt(source, 'out/f')).rejects.toThrow(SourceOutside);
    await expect(attempt(source, 'tenant-a/link/f')).rejects.toThrow(SourceOutside);
  });

  test('folders, pipes and what is not there', async () => {
    const { root, source } = await sourceWith({ 'a/f': '1' });
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expect(attempt(source, 'a')).rejects.toThrow(SourceNotAFile);
    await expect(attempt(source, 'pipe')).rejects.toThrow(SourceNotAFile);
    await expect(attempt(source, 'none')).rejects.toThrow(SourceMissing);
    await expect(attempt(source, 'a/f/below')).rejects.toThrow(SourceMissing);
  });
});

describe('stat and readdir', () => {
  test('refuse a link on the way and say what is not there', async () => {
    const { root, source } = await sourceWith({ 'a/f': '1' });
    symlinkSync('a', join(root, 'link'));
    await expect(source.stat('link/f')).rejects.toThrow(SourceOutside);
    await expect(source.readdir('link')).rejects.toThrow(SourceOutside);
    expect(await source.stat('a/none')).toBeUndefined();
    expect(await source.stat('a/f/none')).toBeUndefined();
    expect(await source.stat('')).toMatchObject({ kind: 'dir', path: '' });
    await expect(source.readdir('none')).rejects.toThrow(SourceMissing);
    await expect(source.stat('../x')).rejects.toThrow(SourceOutside);
  });
});

describe('opening the folder', () => {
  test('resolves links in its own path once', async () => {
    const { root } = await sourceWith({ f: '1' });
    const link = join(temporaryFolder(), 'link');
    symlinkSync(root, link);
    const source = await openSourceFolder(link);
    unlinkSync(link);
    expect(source.root).toBe(root);
    expect(await source.read('f')).toHaveLength(1);
  });

  test('refuses what is relative, absent or no folder', async () => {
    const { root } = await sourceWith({ f: '1' });
    await expect(openSourceFolder('x')).rejects.toThrow(SourceOutside);
    await expect(openSourceFolder(join(root, 'none'))).rejects.toThrow(SourceMissing);
    await expect(openSourceFolder(join(root, 'f'))).rejects.toThrow(SourceMissing);
  });

  test('leaks no handle, whatever fails', async () => {
    const { root, source } = await sourceWith({ 'a/f': '1', 'b/c/g': '2' });
    symlinkSync('f', join(root, 'a/link'));
    linkSync(join(root, 'a/f'), join(root, 'a/second-name'));
    utimesSync(join(root, 'a/f'), 1, 1);
    const before = handlesBelow(root);
    for (let i = 0; i < 30; i++) {
      await all(source.list());
      for await (const _ of source.list()) break;
      await source.open('a/link').catch(() => undefined);
      await source.open('a').catch(() => undefined);
      await source.read('a/f', { start: 5, end: 9 }).catch(() => undefined);
    }
    expect(handlesBelow(root)).toEqual(before);
    openSync(join(root, 'a/f'), 'r');
    expect(handlesBelow(root)).toHaveLength(before.length + 1);
  });
});

/** Paths of this process's open files below a folder. */
function handlesBelow(folder: string): string[] {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target.startsWith(folder)).sort();
}
