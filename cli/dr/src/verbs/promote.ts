import { OperationFailed } from '../errors.ts';
import { EXIT, exitCodeOfStatus } from '../exit-code.ts';
import { bytes } from '../output/human.ts';
import type { Out } from '../output/out.ts';
import { printable } from '../output/table.ts';
import type { Backup } from '../resources.ts';
import { flag, names, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const promote = verb({
  name: 'promote <id>',
  summary: 'Make a full backup of what a snapshot pins',
  about: [
    'The new backup has the state of the snapshot. What that only pins is read from other backups, else from the source where each file is still the very one.',
    'Exit code 3 when files are gone (dr show names them), 1 when nothing is left. The snapshot stays as it is.',
  ].join('\n'),
  examples: [
    ['dr promote backup_20260131_120000_0a1b2c3d', 'while its source is still there'],
    ['dr promote backup_20260131_120000_0a1b2c3d --dataset-ids articles --description "before the migration"', 'one data set of it'],
  ],
  options: {
    datasetIds: names('A,B …', 'only these data sets'),
    description: text('D', 'words to find it by'),
    noWait: flag('return as soon as it is accepted'),
  },
  run: async ({ id, datasetIds, description, noWait }, context) => {
    const { postSurely } = await import('../gateway/ask-surely.ts');
    const path = `/backups/${encodeURIComponent(id)}/promote`;
    const body = { dataset_ids: datasetIds, description };
    const asked = await postSurely<Backup>({ path, body, what: 'the full backup' }, context);
    if (noWait) return tell(asked, context.out);
    const { follow } = await import('../gateway/follow.ts');
    const ended = await follow<Backup>(asked.backup_id, `/backups/${asked.backup_id}`, context);
    const { status, error_message: why } = ended;
    if (status !== 'completed' && status !== 'partial') throw new OperationFailed(`Snapshot ${id} was not promoted: ${why ?? status}`);
    context.out.say(endLine(ended));
    tell(ended, context.out);
    return exitCodeOfStatus(status);
  },
});

function endLine({ backup_id, status, size_bytes, compressed_size_bytes, error_message }: Backup): string {
  const sizes = size_bytes == null ? '' : `, ${bytes(size_bytes)}, ${bytes(compressed_size_bytes)} added to the store`;
  return printable(`${backup_id} ${status}${sizes}${error_message ? `: ${error_message}` : ''}`);
}

function tell(backup: Backup, out: Out): number {
  out.answer(backup, () => `Backup created: ${backup.backup_id}`);
  return EXIT.ok;
}
