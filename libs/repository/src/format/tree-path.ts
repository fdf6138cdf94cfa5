import { BadPath } from '../errors.ts';

const PATH_BYTES_MAX = 4096;

/** @throws BadPath unless the path stays below its root on every system: relative, no empty part, no '.', no '..', no NUL, at most 4 KiB. */
export function checkPath(path: string): string {
  const why = pathProblem(path);
  if (why) throw new BadPath(path, why);
  return path;
}

function pathProblem(path: string): string | undefined {
  if (path === '' || path.startsWith('/')) return 'it must be relative and not empty';
  if (path.includes('\0')) return 'it holds a NUL';
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return `it is longer than ${PATH_BYTES_MAX} bytes`;
  if (!path.isWellFormed()) return 'it is not Unicode';
  return path.split('/').some((part) => part === '' || part === '.' || part === '..')
    ? "it has a part that is empty, '.' or '..'"
    : undefined;
}

const isHigh = (unit: number): boolean => unit >= 0xd800;

/**
 * Order of the UTF-8 bytes of two well-formed strings, without encoding them. UTF-16 order differs only where a surrogate (0xD800 to 0xDFFF, a character
 * above 0xFFFF) meets a unit from 0xE000 on.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return isHigh(x) && isHigh(y) ? rank(x) - rank(y) : x - y;
  }
  return a.length - b.length;
}

const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);
