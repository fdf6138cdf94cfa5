import { mapConcurrent } from '../concurrency.ts';
import type { DatasetView } from '../dataset-view.ts';
import { reasonOf } from '../errors.ts';
import type { FindingList } from '../finding-list.ts';
import type { Listing } from '../listing.ts';
import { checkContent } from './check-content.ts';
import { checkHead } from './check-head.ts';
import { APPLICATION_FILE, classifyPath } from './paths.ts';
import type { Reference } from './references.ts';

const CHECKS_AT_ONCE = 4;

/** D1 to D4: every file that a log names is there, has its size, and its head (deep: its content) is what the log says; of a file that is only pinned, D1 and D2. Live files: errors; others: warnings. */
export async function checkFiles(
  view: DatasetView,
  listing: Listing,
  references: ReadonlyMap<string, Reference>,
  findings: FindingList,
  deep: boolean,
): Promise<void> {
  const results = await mapConcurrent([...references.values()], CHECKS_AT_ONCE, (reference) => checkFile(view, listing, reference, deep));
  for (const result of results) {
    if (result)
      findings.add(
        result.code,
        result.live ? 'error' : 'warning',
        result.path,
        `${result.message}, named by ${result.namedBy}${result.live ? '' : ', superseded'}`,
      );
  }
}

type Result = { code: string; message: string; path: string; namedBy: string; live: boolean } | undefined;

async function checkFile(view: DatasetView, listing: Listing, reference: Reference, deep: boolean): Promise<Result> {
  const { path, namedBy, live } = reference;
  const result = (code: string, message: string): Result => ({ code, message, path, namedBy, live });
  const size = listing.size(path);
  if (size === undefined) return result('D1', 'the file is missing');
  if (size !== reference.size) return result('D2', `${size} bytes, the log says ${reference.size}`);
  const outside = reference.parts.find((p) => p.packed && p.packed.offset + p.packed.length > size);
  if (outside) return result('D2', `a packed block ends at ${outside.packed!.offset + outside.packed!.length} of ${size} bytes`);
  if (listing.isPinned(path)) return undefined;
  for (const part of reference.parts) {
    const head = await problemOf(() => checkHead(view, path, part));
    if (head) return result('D3', head);
    const content = deep ? await problemOf(() => checkContent(view, path, part)) : undefined;
    if (content) return result('D4', content);
  }
  return undefined;
}

async function problemOf(check: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await check();
  } catch (error) {
    return `it cannot be read: ${reasonOf(error)}`;
  }
}

/** D9: files that no log names, apart from logs, WAL, locks and the application's own file. */
export function countOrphans(listing: Listing, references: ReadonlyMap<string, Reference>): { orphans: string[]; bytes: number } {
  const orphans: string[] = [];
  let bytes = 0;
  for (const [path, size] of listing.sizes) {
    const { kind } = classifyPath(path);
    if ((kind !== 'data' && kind !== 'unknown') || references.has(path) || path === APPLICATION_FILE) continue;
    orphans.push(path);
    bytes += size;
  }
  return { orphans, bytes };
}
