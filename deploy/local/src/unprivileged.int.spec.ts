/** As root, without user namespaces: the way of containers that forbid them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDir } from '../../../test/support/servers.ts';
import { requireName, unprivileged } from './unprivileged.ts';

const asRoot = process.geteuid?.() === 0 ? test : test.skip;

asRoot('in a folder that others may enter, the data becomes that of nobody, who runs the server', () => {
  const open = mkdtempSync(join(tmpdir(), 'dr-open-'));
  try {
    chmodSync(open, 0o755);
    mkdirSync(join(open, 'data', 'deep'), { recursive: true, mode: 0o700 });
    const { uid, wrap } = unprivileged(join(open, 'data'), '/usr', false);
    expect(uid).toBeGreaterThan(0);
    expect(wrap('postgres', ['-D'])).toEqual(['postgres', ['-D']]);
    expect([statSync(join(open, 'data')).uid, statSync(join(open, 'data', 'deep')).uid]).toEqual([uid, uid]);
    expect(unprivileged(join(open, 'data'), '/usr').uid).toBe(uid); // stays with them, even when namespaces are allowed again
  } finally {
    rmSync(open, { recursive: true });
  }
});

asRoot('in a folder that only root may enter, the message names the folder, DATABASE_URL and another DR_HOME', () => {
  const closed = freshDir('closed'); // below a folder of mode 700
  mkdirSync(join(closed, 'data'));
  const start = () => unprivileged(join(closed, 'data'), '/usr', false);
  expect(start).toThrow(/cannot enter .*DR_HOME.*DATABASE_URL/);
  expect(statSync(join(closed, 'data')).uid).toBe(0);
});

asRoot('with user namespaces the owner on disk stays root', () => {
  const closed = freshDir('closed');
  const { uid, wrap } = unprivileged(closed, '/usr');
  if (uid !== undefined) return; // this machine has none
  expect(wrap('postgres', ['-D'])[0]).toBe('unshare');
  expect(statSync(closed).uid).toBe(0);
});

(asRoot === test ? test.skip : test)('an ordinary user runs it as it is', () => {
  expect(unprivileged(freshDir('own'), '/usr').wrap('postgres', [])).toEqual(['postgres', []]);
});

test('a user id without a name is told as that, with what to do', () => {
  expect(() => requireName()).not.toThrow();
  const nameless = () => {
    throw new Error('ENOENT: no such file or directory, uv_os_get_passwd');
  };
  expect(() => requireName(nameless)).toThrow(/user id \d+, which has no name .* \/etc\/passwd.*DATABASE_URL/);
});
