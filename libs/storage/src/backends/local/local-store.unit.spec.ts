import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  BadLocation,
  KeyConflict,
  NoHardLinks,
  NotDurable,
  StoreFull,
  StoreMissing,
  StoreReadOnly,
  StoreUnavailable,
} from '../../errors.ts';
import type { ObjectStore } from '../../object-store.ts';
import { openStore } from '../../open-store.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { type Disk, disk as realDisk } from './disk.ts';
import { openLocalStore } from './local-store.ts';

const bytes = Buffer.from('0123456789');

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as planned`), { code });
}

/** Throws `code` from the call number `turn` (0 = first) on. */
function failing(code: string, turn = 0): () => void {
  let calls = 0;
  return () => {
    if (calls++ >= turn) throw systemError(code);
  };
}

/** The real disk with some calls replaced; `spoiled` are handles' methods. */
async function storeOn(changes: Partial<Disk>): Promise<{ store: ObjectStore; root: string; files: () => string[] }> {
  const root = temporaryFolder();
  await openLocalStore(root);
  const broken: Disk = { ...realDisk };
  const store = await openLocalStore(root, {}, broken);
  Object.assign(broken, changes);
  return {
    store,
    root,
    files: () =>
      readdirSync(root, { recursive: true })
        .map(String)
        .filter((name) => name !== 'tmp')
        .sort(),
  };
}

/** A disk whose files (not folders) fail at `method`. */
function spoiledFiles(method: 'sync' | 'writev', fail: () => void, flags: unknown = 'wx'): Partial<Disk> {
  const open = async (...call: Parameters<Disk['open']>) => {
    const handle = await realDisk.open(...call);
    if (call[1] !== flags) return handle;
    const real = handle[method].bind(handle) as (...args: unknown[]) => Promise<unknown>;
    return Object.assign(handle, {
      [method]: async (...args: unknown[]) =>
        Promise.resolve()
          .then(fail)
          .then(() => real(...args)),
    });
  };
  return { open: open as Disk['open'] };
}

describe('opening', () => {
  test('for writing makes the folder, private to its owner', async () => {
    const root = join(temporaryFolder(), 'a/b');
    const store = await openStore(root);
    expect(store.uri).toBe(`file://${root}`);
    await store.createIfAbsent('k/x', bytes);
    expect(statSync(root).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, 'k')).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, 'k/x')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  test('for reading makes nothing and lets nothing be written', async () => {
    const root = temporaryFolder();
    await expect(openStore(join(root, 'none'), { mode: 'read' })).rejects.toThrow(StoreMissing);
    expect(readdirSync(root)).toEqual([]);
    const store = await openStore(root, { mode: 'read' });
    await expect(store.createIfAbsent('k', bytes)).rejects.toThrow(StoreReadOnly);
    await expect(store.delete('k')).rejects.toThrow(StoreReadOnly);
    expect(readdirSync(root)).toEqual([]);
  });

  test('of a file, or of a relative path, is refused', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(openStore(file, { mode: 'read' })).rejects.toThrow(StoreMissing);
    await expect(openStore(file)).rejects.toThrow(StoreUnavailable);
    await expect(openLocalStore('x')).rejects.toThrow(BadLocation);
  });

  test("follows a link in the folder's own path once", async () => {
    const [root, other] = [temporaryFolder(), temporaryFolder()];
    symlinkSync(root, join(other, 'link'));
    const store = await openStore(join(other, 'link'));
    unlinkSync(join(other, 'link'));
    await store.createIfAbsent('k', bytes);
    expect(existsSync(join(root, 'k'))).toBe(true);
  });

  test.each(['EPERM', 'ENOTSUP'])('for writing is refused where link() says %s', async (code) => {
    const link = async (): Promise<never> => Promise.reject(systemError(code));
    const folder = temporaryFolder();
    await expect(openLocalStore(folder, {}, { ...realDisk, link })).rejects.toThrow(NoHardLinks);
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
    await expect(openLocalStore(folder, { mode: 'read' }, { ...realDisk, link })).resolves.toBeDefined();
  });

  test('for writing is refused where a link is silently a copy', async () => {
    const link: Disk['link'] = async (from, to) => writeFileSync(to, readFileSync(from));
    await expect(openLocalStore(temporaryFolder(), {}, { ...realDisk, link })).rejects.toThrow(/reports 1/);
  });

  test('sweeps what a dead writer left a day ago, and nothing younger', async () => {
    const root = temporaryFolder();
    await openStore(root);
    for (const name of ['old', 'young']) writeFileSync(join(root, 'tmp', name), 'x');
    for (const name of ['empty', 'kept', 'kept/by-somebody', 'new']) mkdirSync(join(root, 'tmp', name));
    for (const name of ['old', 'empty', 'kept'])
      utimesSync(join(root, 'tmp', name), Date.now() / 1000 - 90_000, Date.now() / 1000 - 90_000);
    await openStore(root);
    expect(readdirSync(join(root, 'tmp')).sort()).toEqual(['kept', 'new', 'young']);
  });

  test.each(['ENOSPC', 'EDQUOT'])('says that there is no space (%s) when it cannot even be opened for writing', async (code) => {
    const open: Disk['open'] = async () => Promise.reject(systemError(code));
    await expect(openLocalStore(temporaryFolder(), {}, { ...realDisk, open })).rejects.toThrow(StoreFull);
  });
});

describe('a put', () => {
  test('whose link() reply is lost has won when its file has two names', async () => {
    let calls = 0;
    const link: Disk['link'] = async (from, to) => {
      await realDisk.link(from, to);
      calls++;
      throw systemError('EIO');
    };
    const { store, root } = await storeOn({ link });
    expect(await store.createIfAbsent('k', bytes)).toBe('created');
    expect(calls).toBe(1);
    expect(readFileSync(join(root, 'k'))).toEqual(bytes);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  test('whose link() was sent twice by the system has won, too', async () => {
    const link: Disk['link'] = async (from, to) => {
      await realDisk.link(from, to);
      await realDisk.link(from, to);
    };
    const { store } = await storeOn({ link });
    expect(await store.createIfAbsent('k', bytes)).toBe('created');
    expect(await store.createIfAbsent('k', bytes)).toBe('exists');
  });

  test('whose link() fails otherwise stores nothing and leaves nothing', async () => {
    const { store, root, files } = await storeOn({ link: async () => Promise.reject(systemError('EIO')) });
    await expect(store.createIfAbsent('k', bytes)).rejects.toThrow(StoreUnavailable);
    expect(files()).toEqual([]);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  test.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP'])('on a file system that turned out to have no links (%s) says so or fails', async (code) => {
    const { store, files } = await storeOn({ link: async () => Promise.reject(systemError(code)) });
    await expect(store.createIfAbsent('k', bytes)).rejects.toThrow(code === 'EPERM' ? StoreUnavailable : NoHardLinks);
    expect(files()).toEqual([]);
  });

  test.each(['ENOSPC', 'EDQUOT'])(
    'on a full disk (%s while writing, syncing, linking or making folders) is a clear error without half an object',
    async (code) => {
      const refuse = async (): Promise<never> => Promise.reject(systemError(code));
      const ways = [
        spoiledFiles('writev', failing(code)),
        spoiledFiles('sync', failing(code)),
        { link: refuse },
        { mkdir: refuse as Disk['mkdir'] },
      ];
      for (const way of ways) {
        const { store, root, files } = await storeOn(way);
        await expect(store.createIfAbsent('folder/k', [bytes, bytes])).rejects.toThrow(StoreFull);
        expect(files().filter((name) => name !== 'folder')).toEqual([]);
        expect(readdirSync(join(root, 'tmp'))).toEqual([]);
      }
    },
  );

  test('after a full disk works again when there is room', async () => {
    let full = true;
    const { store } = await storeOn(spoiledFiles('writev', () => (full ? failing('ENOSPC')() : undefined)));
    await expect(store.createIfAbsent('k', bytes)).rejects.toThrow(StoreFull);
    full = false;
    expect(await store.createIfAbsent('k', bytes)).toBe('created');
  });

  test('whose fsync fails is never linked, and not tried again on the same file', async () => {
    let syncs = 0;
    const { store, root, files } = await storeOn(
      spoiledFiles('sync', () => {
        syncs++;
        throw systemError('EIO');
      }),
    );
    await expect(store.createIfAbsent('k', bytes)).rejects.toThrow(NotDurable);
    expect(syncs).toBe(1);
    expect(files()).toEqual([]);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  test('whose folder cannot be fsynced is an error, and so is every later one there', async () => {
    let broken = true;
    const { store } = await storeOn({});
    await store.createIfAbsent('a/1', bytes);
    const folderFlags = 0o200000; // O_DIRECTORY
    const spoiled = await storeOn(spoiledFiles('sync', () => broken && failing('EIO')(), folderFlags));
    await expect(spoiled.store.createIfAbsent('a/1', bytes)).rejects.toThrow(NotDurable);
    broken = false;
    await expect(spoiled.store.createIfAbsent('a/2', bytes)).rejects.toThrow(/an earlier fsync of it failed/);
  });

  test("fsyncs the new file before its name, and each new folder's parent", async () => {
    const events: string[] = [];
    const root = temporaryFolder();
    await openLocalStore(root);
    const open = (async (...call: Parameters<Disk['open']>) => {
      const handle = await realDisk.open(...call);
      const what = String(call[0]).includes('/tmp/') && call[1] === 'wx' ? 'file' : `folder ${String(call[0]).slice(root.length) || '/'}`;
      const real = handle.sync.bind(handle);
      return Object.assign(handle, { sync: () => real().then(() => events.push(`sync ${what}`)) });
    }) as Disk['open'];
    const link: Disk['link'] = async (from, to) => {
      await realDisk.link(from, to);
      events.push('link');
    };
    const unlink: Disk['unlink'] = async (path) => realDisk.unlink(path).finally(() => events.push('unlink'));
    const store = await openLocalStore(root, {}, { ...realDisk, open, link, unlink });
    events.length = 0;
    await store.createIfAbsent('a/b/k', bytes);
    expect(events).toEqual(['sync folder /', 'sync folder /a', 'sync file', 'link', 'sync folder /a/b', 'unlink']);
    events.length = 0;
    await store.createIfAbsent('a/b/k', bytes);
    expect(events).toEqual(['sync file', 'sync folder /a/b', 'unlink']);
  });

  test('writes everything though the system takes little at a time', async () => {
    const open = (async (...call: Parameters<Disk['open']>) => {
      const handle = await realDisk.open(...call);
      if (call[1] !== 'wx') return handle;
      const writev = (buffers: readonly Uint8Array[]) =>
        handle.write(buffers[0]!.subarray(0, 3)).then(({ bytesWritten }) => ({ bytesWritten, buffers }));
      return Object.assign(handle, { writev });
    }) as Disk['open'];
    const { store } = await storeOn({ open });
    await store.createIfAbsent('k', [bytes, Buffer.alloc(0), bytes.subarray(0, 4), bytes]);
    expect(Buffer.from(await store.read('k')).toString()).toBe('012345678901230123456789');
  });

  test('that is aborted before its link leaves nothing', async () => {
    const abort = new AbortController();
    const { store, root, files } = await storeOn(spoiledFiles('sync', () => abort.abort()));
    await expect(store.createIfAbsent('k', bytes, abort.signal)).rejects.toThrow(/abort/i);
    expect(files()).toEqual([]);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  test('on a folder where an object should be, or below an object, is a conflict', async () => {
    const store = await openStore(temporaryFolder());
    await store.createIfAbsent('a/b/c', bytes);
    await expect(store.createIfAbsent('a/b', bytes)).rejects.toThrow(KeyConflict);
    await expect(store.createIfAbsent('a/b/c/d', bytes)).rejects.toThrow(KeyConflict);
    await expect(store.createIfAbsent('a/b/c/d/e', bytes)).rejects.toThrow(KeyConflict);
  });

  test('after its folder was removed by somebody fails once, then makes it again', async () => {
    const { store, root } = await storeOn({});
    await store.createIfAbsent('a/k', bytes);
    unlinkSync(join(root, 'a/k'));
    rmdirSync(join(root, 'a'));
    await expect(store.createIfAbsent('a/k', bytes)).rejects.toThrow(StoreUnavailable);
    expect(await store.createIfAbsent('a/k', bytes)).toBe('created');
  });
});

describe('listing', () => {
  test('leaves out temporary files and names that no key has', async () => {
    const { store, root } = await storeOn({});
    await store.createIfAbsent('a', bytes);
    for (const name of ['.DS_Store', 'UPPER', 'lost+found', 'tmp/half']) writeFileSync(join(root, name), 'x');
    mkdirSync(join(root, 'Foreign'));
    const pages: unknown[] = [];
    for await (const page of store.list('')) pages.push(...page.map((entry) => entry.key));
    expect(pages).toEqual(['a']);
    for await (const page of store.list('tmp/')) pages.push(...page);
    expect(pages).toEqual(['a']);
  });

  test.each(['file', 'folder'])('refuses a link to a %s: what it hides would be missing', async (kind) => {
    const { store, root } = await storeOn({});
    symlinkSync(kind === 'file' ? '/etc/passwd' : '/etc', join(root, 'link'));
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toThrow(/it is a link/);
  });

  test('of a store whose folder is gone is an error, not nothing', async () => {
    const { store } = await storeOn({ readdir: (async () => Promise.reject(systemError('ENOENT'))) as unknown as Disk['readdir'] });
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toThrow(StoreUnavailable);
    expect(await store.list('a/b')[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
  });

  test('of a folder that cannot be read is an error, not nothing', async () => {
    const { store } = await storeOn({ readdir: (async () => Promise.reject(systemError('EACCES'))) as unknown as Disk['readdir'] });
    await expect(store.list('a/b')[Symbol.asyncIterator]().next()).rejects.toThrow(StoreUnavailable);
    const { store: second } = await storeOn({ lstat: (async () => Promise.reject(systemError('EIO'))) as unknown as Disk['lstat'] });
    await expect(second.stat('a')).rejects.toThrow(StoreUnavailable);
  });
});

describe('reading', () => {
  test('says why a file cannot be opened', async () => {
    const { store, root } = await storeOn({ open: async () => Promise.reject(systemError('EACCES')) });
    writeFileSync(join(root, 'k'), 'x');
    await expect(store.read('k')).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringMatching(/Opening object k .*EACCES/),
    });
  });

  test('does not follow a link', async () => {
    const { store, root } = await storeOn({});
    symlinkSync('/etc/passwd', join(root, 'k'));
    await expect(store.read('k')).rejects.toThrow(StoreUnavailable);
    expect(await store.stat('k')).toBeUndefined();
  });
});

test('deleting that fails says so', async () => {
  const { store, root } = await storeOn({ unlink: async () => Promise.reject(systemError('EROFS')) });
  writeFileSync(join(root, 'k'), 'x');
  chmodSync(join(root, 'k'), 0o600);
  await expect(store.delete('k')).rejects.toThrow(/Deleting object k .*EROFS/);
});
