import type { Context } from '../context.ts';
import { Declined, UsageError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { kindOf } from '../gateway/operation-kind.ts';
import { flag, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const cancel = verb({
  name: 'cancel <id>',
  summary: 'Cancel a backup or a restore that is still running',
  about:
    'A backup that was sealed first stays as it is, and a restore can be cancelled until it begins to swap; both are refused with exit code 5.',
  examples: [
    ['dr cancel backup_20260131_120000_0a1b2c3d --reason "wrong tenant"', 'end a backup; nothing of it is kept'],
    ['dr cancel restore_20260131_120500_1b2c3d4e', 'end a restore; what was there stays'],
  ],
  options: { reason: text('R', 'why, for the audit trail'), noWait: flag('return as soon as the wish is accepted') },
  run: async ({ id, reason, noWait }, context) => {
    const { postSurely } = await import('../gateway/ask-surely.ts');
    const { path, kind } = kindOf(id);
    if (kind === 'restore' && reason !== undefined) throw new UsageError('--reason goes with backups only.', 'cancel');
    const asked = await postSurely<{ status: string }>({ path: `${path}/cancel`, body: { reason }, what: 'the end' }, context);
    const ended = noWait ? asked : await waited(id, path, context);
    context.out.answer(ended, () => `${id} ${ended.status}`);
    if (!noWait && ended.status !== 'cancelled') throw new Declined(`${id} had ended already: it is ${ended.status}.`);
    return EXIT.ok;
  },
});

async function waited(id: string, path: string, context: Context): Promise<{ status: string }> {
  const { follow } = await import('../gateway/follow.ts');
  return follow(id, path, context);
}
