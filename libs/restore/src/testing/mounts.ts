import { execFileSync } from 'node:child_process';
import { freshDir } from '../../../../test/support/servers.ts';

/** Only root may mount, and some containers forbid it even then. */
export const mayMount = ((): boolean => {
  if (process.getuid?.() !== 0) return false;
  try {
    const { unmount } = mounted('size=1m');
    unmount();
    return true;
  } catch {
    return false;
  }
})();

/** A small file system of its own. Unmount it. `remount` changes its options. */
export function mounted(options: string): { folder: string; remount(options: string): void; unmount(): void } {
  const folder = freshDir('mount');
  const mount = (how: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', how, 'dr-test', folder], { stdio: 'pipe' });
  mount(options);
  return {
    folder,
    remount: (how) => void execFileSync('mount', ['-o', `remount,${how}`, folder], { stdio: 'pipe' }),
    unmount: () => void execFileSync('umount', ['-l', folder], { stdio: 'pipe' }),
  };
}
