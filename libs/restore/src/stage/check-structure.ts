import { type Finding, inspectDataset } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import { StructureBroken } from '../errors.ts';

/**
 * The structure checks on a staged data set. Errors that the backup carried already are told again; new ones stop the restore.
 * @throws StructureBroken
 */
export async function checkStructure(staging: string, known: readonly Finding[]): Promise<Finding[]> {
  const { findings } = await inspectDataset(await openSourceFolder(staging));
  const knownErrors = new Set(known.map((f) => `${f.code} ${f.path}`));
  const fresh = findings.filter((f) => f.severity === 'error' && !knownErrors.has(`${f.code} ${f.path}`));
  if (fresh.length > 0) throw new StructureBroken(fresh);
  return [...findings];
}
