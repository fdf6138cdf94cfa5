import { printable } from '../output/table.ts';
import type { Backup } from '../resources.ts';
import { verb } from '../verb/verb.ts';

export const undelete = verb({
  name: 'undelete <id>',
  summary: 'Bring a deleted backup back, as long as its data is there',
  examples: [['dr undelete backup_20260131_120000_0a1b2c3d', 'take a deletion back']],
  run: async ({ id }, context) => {
    const { postSurely } = await import('../gateway/ask-surely.ts');
    const backup = await postSurely<Backup>({ path: `/backups/${encodeURIComponent(id)}/undelete`, what: 'the backup' }, context);
    context.out.answer(backup, () => printable(`Backup brought back: ${backup.backup_id}`));
  },
});
