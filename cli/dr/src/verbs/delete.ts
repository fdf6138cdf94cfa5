import type { Context } from '../context.ts';
import { Declined, UsageError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { bytes, counted, moment } from '../output/human.ts';
import { printable } from '../output/table.ts';
import type { Backup } from '../resources.ts';
import { flag } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const deleteBackup = verb({
  name: 'delete <id>',
  summary: 'Delete a backup; for some days it can be brought back',
  about: [
    'Asks first; where nobody can answer (no terminal), --yes is needed. Until the time that is told, dr undelete ID brings it back.',
    'The last verified good copy of a data set, a backup that is held, and one that runs are not deleted: exit code 5.',
  ].join('\n'),
  examples: [
    ['dr delete backup_20260131_120000_0a1b2c3d', 'asks, then deletes'],
    ['dr delete backup_20260131_120000_0a1b2c3d --yes', 'in a script'],
  ],
  options: { yes: flag('do not ask'), force: flag('also the last verified good copy of a data set (admin keys only)') },
  run: async ({ id, yes, force }, context) => {
    const api = await context.api();
    const path = `/backups/${encodeURIComponent(id)}`;
    if (!yes) await confirm(await api.get<Backup>(path), context);
    await api.call('DELETE', path, { query: { force: force || undefined } });
    const { follow } = await import('../gateway/follow.ts');
    const deleted = await follow<Backup>(
      id,
      path,
      context,
      ({ status }) => status !== 'deleting' && status !== 'completed' && status !== 'partial',
    );
    context.out.answer(deleted, () => line(deleted));
    return deleted.status === 'deleted' ? EXIT.ok : EXIT.failed;
  },
});

/** @throws UsageError where nobody can answer, Declined when the answer is not yes. */
async function confirm(backup: Backup, { machine }: Context): Promise<void> {
  const { backup_id, tenant_id, type, timestamp, size_bytes, dataset_ids } = backup;
  const about = `${backup_id} of ${tenant_id} (${type}, ${moment(timestamp)} UTC, ${counted(dataset_ids.length, 'data set')}, ${bytes(size_bytes)})`;
  const answer = await machine.ask?.(`Delete ${printable(about)}? [y/N] `);
  if (answer === undefined)
    throw new UsageError(`Nobody can be asked here whether to delete ${backup_id}; nothing was done. Give --yes.`, 'delete');
  if (!/^y(es)?$/i.test(answer.trim())) throw new Declined('Not deleted.');
}

function line({ backup_id, status, purge_after }: Backup): string {
  const until = purge_after ? `; until ${moment(purge_after)} UTC it can be brought back: dr undelete ${backup_id}` : '';
  return status === 'deleted' ? `Backup deleted: ${backup_id}${until}` : `${backup_id} ${status}`;
}
