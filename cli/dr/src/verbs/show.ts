import { backupText } from '../output/backups.ts';
import { verb } from '../verb/verb.ts';

export const show = verb({
  name: 'show <id>',
  summary: 'Show a backup with its data sets and findings',
  offline: true,
  run: async ({ id }, { desk, out }) => {
    const backup = await (await desk()).backup(id);
    out.answer(backup, () => backupText(backup));
  },
});
