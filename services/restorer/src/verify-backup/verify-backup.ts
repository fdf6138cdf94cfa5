import { inspectDataset } from '@dr/deeplake';
import type { Damage, EndVerification, Finding } from '@dr/domain';
import type { Commit, Progress, TenantRepository } from '@dr/repository';

export interface VerifyBackup {
  tenant: TenantRepository;
  backupId: string;
  level: 'quick' | 'full';
  signal: AbortSignal;
  progress: (progress: Progress) => void;
}

/**
 * Checks a backup in the repository: quick = everything it needs is there with its size; full = every byte is read, decrypted and hashed, and
 * the structure of each data set is checked again. Damage is a result, not an error.
 */
export async function verifyBackup({ tenant, backupId, level, signal, progress }: VerifyBackup): Promise<EndVerification> {
  const report = await tenant.verify(backupId, { level, signal, progress });
  const damage: Damage[] = report.findings.map(({ object, kind, message, paths }) => ({ object, kind, message, paths: [...paths] }));
  const structure = report.ok && level === 'full' ? await structureDamage(tenant, await tenant.commit(backupId)) : [];
  const { objects, bytes, pinned } = report;
  return { kind: 'end', objects, bytes, findings: [...damage, ...structure], ...(pinned && { pinned }) };
}

/** Structure errors that were not there when the backup was taken. */
async function structureDamage(tenant: TenantRepository, commit: Commit): Promise<Damage[]> {
  const damage: Damage[] = [];
  for (const { datasetId, root, findings } of commit.datasets) {
    if (root === undefined) continue;
    const known = new Set(((findings ?? []) as Finding[]).map((f) => `${f.code} ${f.path}`));
    const report = await inspectDataset(tenant.openFiles(root));
    const fresh = report.findings.filter((f) => f.severity === 'error' && !known.has(`${f.code} ${f.path}`));
    damage.push(...fresh.map((f) => structureFinding(datasetId, f)));
  }
  return damage;
}

const structureFinding = (datasetId: string, { format, code, path, message }: Finding): Damage => ({
  object: '',
  kind: 'structure',
  message: `${format} ${code}: ${message}`,
  paths: [`${datasetId}/${path}`],
});
