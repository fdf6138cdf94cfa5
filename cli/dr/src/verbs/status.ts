import { printable } from '../output/table.ts';
import { verb } from '../verb/verb.ts';

export const status = verb({
  name: 'status <id>',
  summary: 'Tell in one line how a backup stands',
  run: async ({ id }, { api, desk, out }) => {
    await api();
    const backup = await (await desk()).backup(id);
    const { datasets_done: done, datasets_total: total } = backup.progress ?? {};
    const counts = total === undefined ? '' : `, ${done ?? 0} of ${total} data sets`;
    const error = backup.error_message ? `: ${backup.error_message}` : '';
    out.answer(backup, () => printable(`${backup.backup_id} ${backup.status}${counts}${error}`));
  },
});
