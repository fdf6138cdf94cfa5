import type { Context } from '../context.ts';
import { Interrupted } from '../errors.ts';
import { EXIT, exitCodeOfStatus } from '../exit-code.ts';
import { counted } from '../output/human.ts';
import { bar } from '../output/out.ts';
import { restoreText } from '../output/restores.ts';
import type { Restore } from '../resources.ts';
import type { RestoreArguments } from '../restore-arguments.ts';
import type { ApiClient } from './api-client.ts';
import { untilEnded } from './wait.ts';

/** Restores through the gateway and waits for the end. @returns the exit code. */
export async function restoreByGateway(args: RestoreArguments, context: Context): Promise<number> {
  const api = await context.api();
  const query = { as_of: args.asOf, tenant_id: args.tenantId };
  const asked = await api.call<Restore>('POST', `/backups/${encodeURIComponent(args.id)}/restore`, { body: bodyOf(args), query });
  if (args.dryRun) {
    context.out.answer(asked, () => JSON.stringify(asked, null, 2));
    return EXIT.ok;
  }
  const ended = await waitFor(api, asked, context);
  if (ended === undefined) return EXIT.interrupted;
  context.out.answer(ended, () => restoreText(ended, ended.target_tenant, 'Restored'));
  return exitCodeOfStatus(ended.status);
}

/** Only what was asked for: the gateway has the defaults. */
function bodyOf(args: RestoreArguments): Record<string, unknown> {
  return {
    target_tenant: args.targetTenant,
    dataset_mapping: args.datasetMapping,
    dataset_ids: args.datasetIds,
    paths: args.path,
    version: args.version,
    ...(args.overwrite && { overwrite_existing: true }),
    ...(args.keepTornHead && { keep_torn_head: true }),
    ...(args.dryRun && { dry_run: true }),
    ...(args.noVerify && { verify_integrity: false }),
  };
}

async function waitFor(api: ApiClient, { restore_id }: Restore, { out, signal, machine }: Context): Promise<Restore | undefined> {
  try {
    return await untilEnded({
      ask: () => api.get<Restore>(`/restores/${restore_id}`),
      show: ({ status, progress }) => {
        const { datasets_done: done = 0, datasets_total: total = 0 } = progress ?? {};
        out.progress(`${restore_id}  ${bar(done, total)}  ${done} of ${counted(total, 'data set')}, ${status}`);
      },
      signal,
      out,
      now: machine.now,
    });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    out.say(`Stopped waiting; restore ${restore_id} goes on.`);
    out.answer({ restore_id }, () => restore_id);
    return undefined;
  }
}
