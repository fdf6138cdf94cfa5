import type { SourceFile, SourceFolder } from '@dr/storage';
import { SourceMissing, SourceOutside, SourceUnavailable } from '@dr/storage';
import type { DatasetFormat } from '../finding.ts';
import type { DatasetRef, Discovered, Unprotected } from './dataset-ref.ts';
import { formatOfRoot, NO_MARKERS, withEntry } from './layout.ts';
import { DEFAULT_TENANT, isGoodName, isOwnFolder } from './names.ts';

/** A folder that was looked into once: its entries, and its format if it is a root. */
interface Looked {
  readonly entries: SourceFile[];
  readonly format: DatasetFormat | undefined;
}

/**
 * Data sets below the source root, and what none of them covers, in byte order of the paths.
 * A set is a folder with a v3, v4 or Hub v1 root at any depth below its tenant; there is no descent below a root. A first-level folder of a
 * tenant without any root below is one opaque set. Sets directly under the source root belong to tenant `default`. Links are not followed,
 * `.dr-*` is skipped, folders with names that do not travel and folders that cannot be read are reported as unprotected, folders that vanish
 * meanwhile are left out. Source: CONTRACT section 4.
 * @throws SourceMissing, SourceUnavailable.
 */
export async function* discoverDatasets(root: SourceFolder, { tenant }: { tenant?: string } = {}): AsyncIterable<Discovered> {
  const entries = await root.readdir();
  const hasDefaultFolder = entries.some((e) => e.path === DEFAULT_TENANT && e.kind === 'dir');
  for (const entry of entries) {
    if (isOwnFolder(entry.path) || !mayConcern(entry, tenant)) continue;
    if (entry.kind !== 'dir' || !isGoodName(entry.path) || entry.nameProblem) yield unprotected(entry, undefined);
    else yield* belowTopLevel(root, entry.path, tenant, hasDefaultFolder);
  }
}

/** Folders other than the tenant's own may still be sets of `default`; everything else of other tenants is left alone. */
function mayConcern(entry: SourceFile, tenant: string | undefined): boolean {
  return tenant === undefined || tenant === DEFAULT_TENANT || entry.path === tenant;
}

async function* belowTopLevel(
  root: SourceFolder,
  name: string,
  tenant: string | undefined,
  hasDefaultFolder: boolean,
): AsyncIterable<Discovered> {
  const looked = await lookInto(root, name);
  if (looked === 'gone') return;
  if (looked === 'unreadable') yield unreadable(name, undefined);
  else if (looked.format === undefined) {
    if (tenant === undefined || tenant === name) yield* belowTenant(root, name, looked.entries);
  } else if (tenant === undefined || tenant === DEFAULT_TENANT) yield await setOfDefault(root, name, looked.format, hasDefaultFolder);
}

async function setOfDefault(root: SourceFolder, name: string, format: DatasetFormat, hasDefaultFolder: boolean): Promise<Discovered> {
  if (hasDefaultFolder && name !== DEFAULT_TENANT && (await root.stat(`${DEFAULT_TENANT}/${name}`)))
    return { kind: 'unprotected', tenant: DEFAULT_TENANT, path: name, reason: 'name-taken' };
  return { kind: 'dataset', tenant: DEFAULT_TENANT, datasetId: name, path: name, format };
}

async function* belowTenant(root: SourceFolder, tenant: string, entries: SourceFile[]): AsyncIterable<Discovered> {
  for (const entry of entries) {
    const problem = notAFolder(entry, tenant);
    if (problem === 'skip') continue;
    if (problem) yield problem;
    else yield* belowFirstLevel(root, tenant, entry.path);
  }
}

async function* belowFirstLevel(root: SourceFolder, tenant: string, path: string): AsyncIterable<Discovered> {
  const looked = await lookInto(root, path);
  if (looked === 'gone') return;
  if (looked === 'unreadable') yield unreadable(path, tenant);
  else if (looked.format !== undefined) yield datasetRef(tenant, path, looked.format);
  else if (await hasRootBelow(root, looked.entries)) yield* belowGroup(root, tenant, looked.entries);
  else yield datasetRef(tenant, path, 'opaque');
}

/** A folder that is no set itself but holds some further down: whatever lies beside them is unprotected. */
async function* belowGroup(root: SourceFolder, tenant: string, entries: SourceFile[]): AsyncIterable<Discovered> {
  for (const entry of entries) {
    const problem = notAFolder(entry, tenant);
    if (problem === 'skip') continue;
    if (problem) {
      yield problem;
      continue;
    }
    const looked = await lookInto(root, entry.path);
    if (looked === 'gone') continue;
    if (looked === 'unreadable') yield unreadable(entry.path, tenant);
    else if (looked.format !== undefined) yield datasetRef(tenant, entry.path, looked.format);
    else yield* belowGroup(root, tenant, looked.entries);
  }
}

async function hasRootBelow(root: SourceFolder, entries: SourceFile[]): Promise<boolean> {
  for (const entry of entries) {
    const name = lastName(entry.path);
    if (entry.kind !== 'dir' || isOwnFolder(name) || !isGoodName(name) || entry.nameProblem) continue;
    const looked = await lookInto(root, entry.path);
    if (typeof looked === 'string') continue;
    if (looked.format !== undefined || (await hasRootBelow(root, looked.entries))) return true;
  }
  return false;
}

async function lookInto(root: SourceFolder, path: string): Promise<Looked | 'unreadable' | 'gone'> {
  try {
    const entries = await root.readdir(path);
    const markers = entries.reduce((m, e) => withEntry(m, lastName(e.path), e.kind), NO_MARKERS);
    return { entries, format: await formatOfRoot(markers, () => root.read(`${path}/meta.json`)) };
  } catch (error) {
    if (error instanceof SourceUnavailable) return 'unreadable';
    if (error instanceof SourceMissing || error instanceof SourceOutside) return 'gone';
    throw error;
  }
}

function notAFolder(entry: SourceFile, tenant: string): Unprotected | 'skip' | undefined {
  const name = lastName(entry.path);
  if (isOwnFolder(name)) return 'skip';
  return entry.kind === 'dir' && isGoodName(name) && !entry.nameProblem ? undefined : unprotected(entry, tenant);
}

function unprotected({ kind, path }: SourceFile, tenant: string | undefined): Unprotected {
  const reason = kind === 'file' ? 'loose-file' : kind === 'dir' ? 'bad-name' : kind;
  return { kind: 'unprotected', tenant, path, reason };
}

function unreadable(path: string, tenant: string | undefined): Unprotected {
  return { kind: 'unprotected', tenant, path, reason: 'unreadable' };
}

function datasetRef(tenant: string, path: string, format: DatasetFormat): DatasetRef {
  return { kind: 'dataset', tenant, datasetId: path.slice(tenant.length + 1), path, format };
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What a folder is: the root of a data set, a group that holds roots further down, or neither. 'absent' also when it cannot be looked into. */
export async function kindOfFolder(root: SourceFolder, path: string): Promise<'dataset' | 'group' | 'plain' | 'absent'> {
  const looked = await lookInto(root, path);
  if (typeof looked === 'string') return 'absent';
  if (looked.format !== undefined) return 'dataset';
  return (await hasRootBelow(root, looked.entries)) ? 'group' : 'plain';
}
