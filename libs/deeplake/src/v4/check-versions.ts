import type { FindingList } from '../finding-list.ts';
import type { Listing } from '../listing.ts';
import type { Branch } from './catalog.ts';
import type { History } from './history.ts';
import type { VersionPoint } from './operation.ts';
import { META_FOLDER } from './paths.ts';
import type { LogFolder } from './read-logs.ts';

const KNOWN_LETTERS = 'mcouw';
const MIN_READER_KNOWN = 4;
const KNOWN_FORMATS = ['1', '2', '3'];

/** T2, T7, T8: branches have their logs, logs have their branches, and every version that is named exists. */
export function checkVersions(history: History, folders: ReadonlyMap<string, LogFolder>, listing: Listing, findings: FindingList): void {
  const { branches, tags, merges } = history.catalog;
  for (const branch of branches.values()) {
    checkRoot(branch, folders.get(branch.id), history, listing, findings);
    if (branch.parent !== undefined)
      need(history, { branch: branch.parent, version: branch.version ?? '' }, `branch ${branch.name} was born from`, findings);
  }
  for (const tag of tags.values()) need(history, tag, `tag ${tag.name} names`, findings);
  for (const { source, destination } of merges) {
    need(history, source, 'a merge took', findings);
    need(history, destination, 'a merge made', findings);
  }
  for (const [id, { files }] of folders)
    if (id !== META_FOLDER && !branches.has(id) && files.length > 0)
      findings.add('T8', 'warning', `_deeplake_log/${id}`, 'no branch of the meta log has this log');
}

/** A data set whose root branch lost its log opens as an empty one, without an error. */
function checkRoot(branch: Branch, folder: LogFolder | undefined, history: History, listing: Listing, findings: FindingList): void {
  if (branch.parent !== undefined || (history.logs.get(branch.id)?.length ?? 0) > 0) return;
  if (folder?.counter || hasData(listing))
    findings.add(
      'T2',
      'error',
      `_deeplake_log/${branch.id}`,
      `root branch ${branch.name} has no log, but the data set has data files or a counter`,
    );
}

function hasData(listing: Listing): boolean {
  for (const path of listing.sizes.keys()) if (!path.startsWith('_deeplake_') && path.includes('/') && !path.endsWith('.lock')) return true;
  return false;
}

function need(history: History, { branch, version }: VersionPoint, who: string, findings: FindingList): void {
  if (!history.resolves(branch, version))
    findings.add('T7', 'error', `_deeplake_log/${branch}`, `${who} version ${version}, which is not there`);
}

/** T9: things that a newer Deep Lake may have brought. Bytes are kept all the same; structure is verified in part. Each thing is said once. */
export function checkKnown(history: History, meta: LogFolder, findings: FindingList): void {
  const strange = new Map<string, string>();
  const { minReader } = history.catalog;
  if (minReader !== undefined && minReader > MIN_READER_KNOWN)
    strange.set(`the data set asks for reader version ${minReader}`, meta.files[0]!.path);
  for (const files of history.logs.values()) {
    for (const { path, name, operations } of files) {
      if (!KNOWN_LETTERS.includes(name.letter)) strange.set(`version letter ${name.letter}`, path);
      for (const operation of operations ?? []) {
        if (operation.kind === 'unknown') strange.set(`operation ${operation.operation}`, path);
        if (operation.kind !== 'addBlock' && operation.kind !== 'updateData') continue;
        for (const { format } of operation.files)
          if (format && !KNOWN_FORMATS.includes(format.type)) strange.set(`file format ${format.type}`, path);
      }
    }
  }
  for (const [what, path] of strange) findings.add('T9', 'warning', path, `${what} is not known: bytes verified, structure partly`);
}
