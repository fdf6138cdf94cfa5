import type { Context } from '../context.ts';
import { Interrupted } from '../errors.ts';
import { EXIT, exitCodeOfStatus } from '../exit-code.ts';
import { planText, restoreText } from '../output/restores.ts';
import type { Restore, RestorePlan } from '../resources.ts';
import type { RestoreArguments } from '../restore-arguments.ts';
import { postSurely } from './ask-surely.ts';
import { follow } from './follow.ts';

/** Restores through the gateway and waits for the end. @returns the exit code. */
export async function restoreByGateway(args: RestoreArguments, context: Context): Promise<number> {
  const query = { as_of: args.asOf, tenant_id: args.tenantId };
  const path = `/backups/${encodeURIComponent(args.id)}/restore`;
  const request = { path, body: bodyOf(args), query, what: args.dryRun ? 'the plan' : 'the restore' };
  if (args.dryRun) return tellPlan(await postSurely<RestorePlan>(request, context), context);
  const asked = await postSurely<Restore>(request, context);
  if (args.id === 'latest' && asked.backup_status === 'partial')
    context.out.say(`${asked.backup_id} is the latest, and it is partial: dr show ${asked.backup_id} says what it lacks.`);
  const ended = args.noWait ? asked : await waitFor(asked, context);
  if (ended === undefined) return EXIT.interrupted;
  context.out.answer(ended, () =>
    args.noWait ? `Restore accepted: ${ended.restore_id}` : restoreText(ended, ended.target_tenant, 'Restored'),
  );
  return args.noWait ? EXIT.ok : exitCodeOfStatus(ended.status);
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
    ...(args.force && { force: true }),
    ...(args.keepTornHead && { keep_torn_head: true }),
    ...(args.dryRun && { dry_run: true }),
    ...(args.noVerify && { verify_integrity: false }),
    ...(args.noIndexes && { restore_indexes: false }),
    ...(args.noMetadata && { restore_metadata: false }),
  };
}

/** A plan with conflicts is what the restore would be refused for. */
function tellPlan(plan: RestorePlan, { out }: Context): number {
  out.answer(plan, () => planText(plan));
  return plan.possible ? EXIT.ok : EXIT.refused;
}

/** @returns undefined when Ctrl-C ended the waiting. */
async function waitFor({ restore_id }: Restore, context: Context): Promise<Restore | undefined> {
  const { out } = context;
  try {
    return await follow<Restore>(restore_id, `/restores/${encodeURIComponent(restore_id)}`, context);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    out.say(`Stopped waiting; the restore goes on. Wait for it again: dr status ${restore_id} --wait. End it: dr cancel ${restore_id}`);
    out.answer({ restore_id }, () => restore_id);
    return undefined;
  }
}
