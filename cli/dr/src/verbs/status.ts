import type { Context } from '../context.ts';
import { EXIT, exitCodeOfStatus } from '../exit-code.ts';
import { kindOf } from '../gateway/operation-kind.ts';
import { printable } from '../output/table.ts';
import type { OperationProgress } from '../resources.ts';
import { flag } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

interface Operation {
  status: string;
  progress?: OperationProgress | null;
  error_message?: string | null;
}

export const status = verb({
  name: 'status <id>',
  summary: 'Tell in one line how a backup, a restore or a verification stands',
  about: 'With --wait the exit code says how it ended: 0 completed, 3 partial, 1 failed or cancelled.',
  examples: [
    ['dr status backup_20260131_120000_0a1b2c3d', 'how a backup stands now'],
    ['dr status restore_20260131_120500_1b2c3d4e --wait', 'wait for a restore that was left running'],
  ],
  options: { wait: flag('wait for its end') },
  run: async ({ id, wait }, context) => {
    const { path } = kindOf(id);
    const operation = wait ? await waited(id, path, context) : await (await context.api()).get<Operation>(path);
    context.out.answer(operation, () => line(id, operation));
    return wait ? exitCodeOfStatus(operation.status) : EXIT.ok;
  },
});

async function waited(id: string, path: string, context: Context): Promise<Operation> {
  const { follow } = await import('../gateway/follow.ts');
  return follow<Operation>(id, path, context);
}

function line(id: string, { status, progress, error_message }: Operation): string {
  const { datasets_done: done, datasets_total: total } = progress ?? {};
  const counts = total === undefined ? '' : `, ${done ?? 0} of ${total} data sets`;
  return printable(`${id} ${status}${counts}${error_message ? `: ${error_message}` : ''}`);
}
