import {
  composed,
  cutToVersion,
  editedView,
  type Finding,
  NO_REPAIR,
  type RestoreRepair,
  repairOnRestore,
  type VersionCut,
  type VersionWish,
} from '@dr/deeplake';
import type { RepositoryFolder, TenantRepository } from '@dr/repository';
import type { RestoreChoices } from './options.ts';
import type { RestoredSet } from './restored-set.ts';

/** How the restored files differ from the captured ones, and the version that they are cut to when one was asked for. */
export interface Edits {
  readonly edit: RestoreRepair;
  readonly cut?: VersionCut;
}

export interface EditsRequest {
  tenant: TenantRepository;
  dataset: RestoredSet;
  options: RestoreChoices;
  /** Findings that the backup has of this data set. */
  known: readonly Finding[];
  /** The captured files; default: those of the tree. */
  files?: RepositoryFolder;
}

/**
 * A torn head is repaired first and the cut is planned on the result, so that a version behind the tear comes back whole. A part of a data set is
 * neither: what it lacks is not there by choice. @throws VersionUnknown, NotThatFarBack, CannotCut.
 */
export async function editsOf({ tenant, dataset: { root, format }, options, known, files }: EditsRequest): Promise<Edits> {
  if (options.paths.length > 0) return { edit: NO_REPAIR };
  const captured = files ?? tenant.openFiles(root);
  const repair = options.keepTornHead ? NO_REPAIR : await repairOnRestore(captured, { format, findings: [...known] });
  const wish = wishOf(options);
  if (!wish) return { edit: repair };
  const cut = await cutToVersion(editedView(captured, repair), format, wish);
  return { edit: withoutIdleNotes(composed(repair, cut), repair, cut), cut };
}

function wishOf({ version, asOf }: RestoreChoices): VersionWish | undefined {
  if (version !== undefined) return { version };
  return asOf === undefined ? undefined : { asOfMs: Date.parse(asOf) };
}

/** Repairs of branches and commits that the cut leaves out are nobody's concern any more. */
function withoutIdleNotes(edit: RestoreRepair, repair: RestoreRepair, { leaveOut, notes }: VersionCut): RestoreRepair {
  const isIdle = ({ path }: Finding): boolean => path !== '' && (path.endsWith('/') ? hasBelow(leaveOut, path) : leaveOut.has(path));
  return { ...edit, notes: [...repair.notes.filter((note) => !isIdle(note)), ...notes] };
}

function hasBelow(paths: ReadonlySet<string>, folder: string): boolean {
  for (const path of paths) if (path.startsWith(folder)) return true;
  return false;
}
