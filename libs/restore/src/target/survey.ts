import { createHash } from 'node:crypto';
import type { SourceFile } from '@dr/storage';
import { TargetChanged, TargetExists, TargetLocked } from '../errors.ts';
import { entryAt, filesBelow } from './entries.ts';
import { refuseNested } from './neighbours.ts';
import type { Place } from './place.ts';
import { refuseLinks } from './refuse-links.ts';

export interface Lock {
  path: string;
  ageSeconds: number;
  /** Young enough that a writer may hold it. */
  fresh: boolean;
}

/** What lies in the target. */
export interface Survey {
  exists: boolean;
  objects: number;
  bytes: number;
  /** Changes when any file is written, added or removed; locks aside. 'absent' when nothing is there. */
  fingerprint: string;
  locks: Lock[];
}

const ABSENT: Survey = { exists: false, objects: 0, bytes: 0, fingerprint: 'absent', locks: [] };

/** Looks at everything in the target without opening a file. @throws TargetIsNoFolder, TargetInsideDataset, TargetAboveDatasets, TargetUnreadable */
export async function surveyTarget(place: Place, sourceRoot: string, now: number): Promise<Survey> {
  await refuseLinks(sourceRoot, place);
  await refuseNested(sourceRoot, place);
  if (!(await entryAt(place.target))) return ABSENT;
  const survey = { ...ABSENT, exists: true, locks: [] as Lock[] };
  const hash = createHash('sha256');
  for await (const file of filesBelow(place.target)) {
    const lock = lockOf(file, now);
    if (lock) survey.locks.push(lock);
    else hash.update(`${file.path}\0${file.kind} ${file.size} ${file.mtimeNs} ${file.ctimeNs} ${file.ino}\n`);
    if (file.kind === 'file') {
      survey.objects++;
      survey.bytes += file.size;
    }
  }
  return { ...survey, fingerprint: hash.digest('hex').slice(0, 32) };
}

/** v4 ignores a `meta_ops.lock` of 30 s; v3 gives a lock up after 5 min. Source: DEEPLAKE.md 1.7, DEEPLAKE_V4.md section 5. */
const FRESH_SECONDS = { v3: 300, v4: 30 };

/** Left by flock or by the clean-up, for ever: they say nothing. */
const MEANINGLESS = /(^|\/)next_base\.lock$|\.lock\.lock$/;

function lockOf({ path, kind, mtimeNs }: SourceFile, now: number): Lock | undefined {
  if (kind !== 'file' || !path.endsWith('.lock')) return undefined;
  const ageSeconds = Math.max(0, Math.round((now - Number(mtimeNs / 1_000_000n)) / 1000));
  const limit = path.startsWith('_deeplake_log/') ? FRESH_SECONDS.v4 : FRESH_SECONDS.v3;
  return { path, ageSeconds, fresh: !MEANINGLESS.test(path) && ageSeconds < limit };
}

/**
 * A target is replaced only when that was asked for, nobody seems to write, and it is what it was when the restore was planned.
 * @throws TargetExists, TargetLocked, TargetChanged
 */
export function refuseSurveyed(
  { name }: Pick<Place, 'name'>,
  { exists, locks, fingerprint }: Survey,
  { overwriteExisting, force, planned }: { overwriteExisting: boolean; force: boolean; planned?: string },
): void {
  if (exists && !overwriteExisting) throw new TargetExists(name);
  if (force) return;
  const fresh = locks.find((lock) => lock.fresh);
  if (fresh) throw new TargetLocked(name, fresh.path, fresh.ageSeconds);
  if (planned !== undefined && planned !== fingerprint) throw new TargetChanged(name);
}
