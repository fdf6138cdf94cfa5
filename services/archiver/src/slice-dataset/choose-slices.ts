import type { SourceFolder } from '@dr/storage';

/** Files of a data set whose paths are, in byte order, from `from` on and before `to`; without `to` all after. */
export interface Slice {
  from: string;
  to?: string;
}

/** More would make each one's fixed costs count; a data set of any size fits, since slices grow with it. */
export const SLICES_MAX = 64;

/**
 * Cuts a data set at paths, so that each slice holds about `sliceBytes`. One slice means: not worth cutting. Files are never cut.
 * Two passes over the listing, which is in byte order; what appears in between belongs to some slice anyway.
 */
export async function chooseSlices(folder: Pick<SourceFolder, 'list'>, sliceBytes: number): Promise<Slice[]> {
  const total = await bytesBelow(folder);
  if (total < 2 * sliceBytes) return [{ from: '' }];
  const starts = await startsOf(folder, Math.max(sliceBytes, Math.ceil(total / SLICES_MAX)));
  return starts.map((from, i) => (i + 1 < starts.length ? { from, to: starts[i + 1]! } : { from }));
}

async function bytesBelow(folder: Pick<SourceFolder, 'list'>): Promise<number> {
  let bytes = 0;
  for await (const page of folder.list('', () => undefined)) for (const { kind, size } of page) bytes += kind === 'file' ? size : 0;
  return bytes;
}

async function startsOf(folder: Pick<SourceFolder, 'list'>, sliceBytes: number): Promise<string[]> {
  const starts = [''];
  let bytes = 0;
  for await (const page of folder.list('', () => undefined)) {
    for (const { path, kind, size } of page) {
      if (kind !== 'file') continue;
      if (bytes >= sliceBytes) {
        starts.push(path);
        bytes = 0;
      }
      bytes += size;
    }
  }
  return starts;
}

/** Whether a path lies in a slice. Byte order differs from the order of JavaScript's strings beyond U+FFFF. */
export function isIn({ from, to }: Slice): (path: string) => boolean {
  const [first, end] = [Buffer.from(from), to === undefined ? undefined : Buffer.from(to)];
  return (path) => {
    const bytes = Buffer.from(path);
    return Buffer.compare(bytes, first) >= 0 && (end === undefined || Buffer.compare(bytes, end) < 0);
  };
}
