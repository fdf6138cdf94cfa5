import { backupText } from '../output/backups.ts';
import { verb } from '../verb/verb.ts';

export const show = verb({
  name: 'show <id>',
  summary: 'Show a backup with its data sets and findings',
  offline: true,
  examples: [
    ['dr show backup_20260131_120000_0a1b2c3d', 'sizes, versions and what was found in each data set'],
    ['dr show backup_20260131_120000_0a1b2c3d --json | jq .checksum', 'one value, for a script'],
  ],
  run: async ({ id }, { desk, out }) => {
    const backup = await (await desk()).backup(id);
    out.answer(backup, () => backupText(backup));
  },
});
