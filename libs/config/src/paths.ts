import { dirname, isAbsolute, join, relative } from 'node:path';

/** `path` with the links of its existing part resolved, so that a repository cannot hide inside the source root behind a link. */
export function realPathOf(path: string, realPath: (path: string) => string): string {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(realPath(at), ...missing);
    } catch {
      if (dirname(at) === at) return path;
      missing.unshift(relative(dirname(at), at));
    }
  }
}

/** Whether `path` is `folder` or lies in it. Both absolute. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || !(way === '..' || way.startsWith('../') || isAbsolute(way));
}
