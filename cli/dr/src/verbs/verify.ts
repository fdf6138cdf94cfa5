import type { Context } from '../context.ts';
import type { BackupDesk } from '../desk.ts';
import { NothingFound, OperationFailed, UsageError } from '../errors.ts';
import { EXIT, exitCodeOfStatus } from '../exit-code.ts';
import { verificationText } from '../output/backups.ts';
import type { Backup, BackupDataset, Missing, Verification } from '../resources.ts';
import { choice, flag, percent, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

/** More backups than a repository will hold for a long time; --all means all. */
const ALL = 1_000_000;

export const verify = verb({
  name: 'verify [id]',
  summary: 'Check that a backup can be restored',
  about:
    'quick: everything it needs is there with its size. full: every byte is read, decrypted and compared. Exit code 1 when anything is damaged, 3 when it is not but the backup itself is partial.',
  offline: true,
  examples: [
    ['dr verify backup_20260131_120000_0a1b2c3d', 'read every stored byte again'],
    ['dr verify --all --level quick', 'every backup, without reading all bytes'],
  ],
  options: {
    all: flag('every backup that holds data'),
    tenantId: text('T', "with --all: only this tenant's"),
    level: choice(['quick', 'full'], 'full', 'how thoroughly'),
    sample: percent('P%', 'only this share of the bytes'),
  },
  run: async ({ id, all, tenantId, level, sample }, context) => {
    if ((id === undefined) !== all) throw new UsageError('Give either a backup or --all.', 'verify');
    const desk = await context.desk();
    const backups = id === undefined ? await allBackups(desk, tenantId) : [id];
    const results: Verification[] = [];
    for (const one of backups) results.push(await verifyOne(desk, one, { level, samplePercent: sample }, context));
    if (context.out.json) context.out.answer(id === undefined ? { verifications: results } : results[0], () => '');
    return worst(results);
  },
});

/** Damage is worse than what was never there. */
function worst(results: readonly Verification[]): number {
  const codes = results.map(({ status, missing }) =>
    exitCodeOfStatus(status) === EXIT.ok && missing ? EXIT.partial : exitCodeOfStatus(status),
  );
  return codes.includes(EXIT.failed) ? EXIT.failed : Math.max(...codes, EXIT.ok);
}

async function allBackups(desk: BackupDesk, tenant: string | undefined): Promise<Backup[]> {
  const { backups, problems } = await desk.list({ tenant, limit: ALL });
  if (problems.length > 0) throw new OperationFailed(`Not every backup can be read: ${problems.join(' ')}`);
  const whole = backups.filter(({ status }) => status === 'completed' || status === 'partial');
  if (whole.length === 0) throw new NothingFound('There is no backup to verify.');
  return whole;
}

async function verifyOne(
  desk: BackupDesk,
  one: Backup | string,
  how: Parameters<BackupDesk['verify']>[1],
  { out }: Context,
): Promise<Verification> {
  const verified = await desk.verify(typeof one === 'string' ? one : one.backup_id, how);
  const backup = typeof one === 'string' ? await desk.backup(one) : one;
  const result = backup.status === 'partial' ? { ...verified, backup_status: 'partial', missing: missingOf(backup) } : verified;
  if (!out.json) out.answer(result, () => verificationText(result));
  return result;
}

/** Each data set that is not as it was meant, with the first thing that was found. */
function missingOf({ datasets, error_message }: Backup): Missing[] {
  const torn = datasets.filter(({ status }) => status !== 'completed');
  const found = torn.map((dataset) => ({ dataset_id: dataset.dataset_id, message: reasonOf(dataset) }));
  return found.length > 0 ? found : [{ dataset_id: '-', message: error_message ?? 'not every data set that was selected is in it' }];
}

function reasonOf({ status, findings, error_message }: BackupDataset): string {
  const worst = (findings ?? []).find(({ severity }) => severity === 'error') ?? findings?.[0];
  return worst ? `${worst.code} ${worst.path}: ${worst.message}` : (error_message ?? status);
}
