import type { Context } from '../context.ts';
import type { BackupDesk } from '../desk.ts';
import { NothingFound, OperationFailed, UsageError } from '../errors.ts';
import { EXIT, exitCodeOfStatus } from '../exit-code.ts';
import { verificationText } from '../output/backups.ts';
import type { Verification } from '../resources.ts';
import { choice, flag, percent, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

/** More backups than a repository will hold for a long time; --all means all. */
const ALL = 1_000_000;

export const verify = verb({
  name: 'verify [id]',
  summary: 'Check that a backup can be restored',
  about:
    'quick: everything it needs is there with its size. full: every byte is read, decrypted and compared. Exit code 1 when anything is damaged.',
  offline: true,
  options: {
    all: flag('every backup that holds data'),
    tenantId: text('T', "with --all: only this tenant's"),
    level: choice(['quick', 'full'], 'full', 'how thoroughly'),
    sample: percent('P%', 'only this share of the bytes'),
  },
  run: async ({ id, all, tenantId, level, sample }, context) => {
    if ((id === undefined) !== all) throw new UsageError('Give either a backup or --all.', 'verify');
    const desk = await context.desk();
    const ids = id === undefined ? await allIds(desk, tenantId) : [id];
    const results: Verification[] = [];
    for (const one of ids) results.push(await verifyOne(desk, one, { level, samplePercent: sample }, context));
    if (context.out.json) context.out.answer(id === undefined ? { verifications: results } : results[0], () => '');
    return Math.max(...results.map(({ status }) => exitCodeOfStatus(status)), EXIT.ok);
  },
});

async function allIds(desk: BackupDesk, tenant: string | undefined): Promise<string[]> {
  const { backups, problems } = await desk.list({ tenant, limit: ALL });
  if (problems.length > 0) throw new OperationFailed(`Not every backup can be read: ${problems.join(' ')}`);
  const ids = backups.filter(({ status }) => status === 'completed' || status === 'partial').map((backup) => backup.backup_id);
  if (ids.length === 0) throw new NothingFound('There is no backup to verify.');
  return ids;
}

async function verifyOne(desk: BackupDesk, id: string, how: Parameters<BackupDesk['verify']>[1], { out }: Context): Promise<Verification> {
  const result = await desk.verify(id, how);
  if (!out.json) out.answer(result, () => verificationText(result));
  return result;
}
