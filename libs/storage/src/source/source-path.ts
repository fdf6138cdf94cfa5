import { SourceOutside } from './errors.ts';

/** @throws SourceOutside unless `path` is relative and has no '.', '..', empty or NUL-holding part; '' (the root) only where `rootAllowed`. */
export function checkSourcePath(path: string, rootAllowed = false): void {
  if (path === '' && rootAllowed) return;
  if (path.includes('\0')) throw new SourceOutside(JSON.stringify(path), 'it holds a NUL character');
  const bad = path.split('/').find((part) => part === '' || part === '.' || part === '..');
  if (bad !== undefined) throw new SourceOutside(JSON.stringify(path), `its part "${bad}" is not a name`);
}
