import type { Context } from '../context.ts';
import { ApiProblem, Interrupted, OperationFailed } from '../errors.ts';
import { EXIT, exitCodeOfStatus } from '../exit-code.ts';
import { bytes, counted } from '../output/human.ts';
import { printable } from '../output/table.ts';
import type { Backup, UnprotectedPath } from '../resources.ts';
import { choice, flag, names, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const create = verb({
  name: 'create',
  summary: 'Back up data sets',
  about: [
    'Waits for the end; Ctrl-C stops waiting, not the backup. The last line is "Backup created: ID". Exit code 3 when the backup is partial.',
    'full reads every byte anew; incremental goes on from the newest usable backup, differential from the newest full one.',
    'snapshot reads metadata and the version tree alone: it refers to data that the repository has and pins the rest by identity. See dr promote.',
  ].join('\n'),
  examples: [
    ['dr create --type full --tenant-id production --description "Manual backup before upgrade"', 'everything of one tenant'],
    ['dr create --type incremental --tenant-id acme --dataset-ids articles,support', 'two data sets, only what changed'],
    ['dr create --type full', 'all tenants, with a key that reaches all (a cron job, say)'],
    ['id=$(dr create --no-wait --tenant-id acme --json | jq -r .backup_id)', 'in a script, without waiting'],
  ],
  options: {
    type: choice(['full', 'incremental', 'differential', 'snapshot'], 'full', 'what is read anew'),
    tenantId: text('T', "this tenant's data (default: the key's tenant; all tenants with a key of all)"),
    datasetIds: names('A,B …', 'only these data sets'),
    description: text('D', 'words to find it by'),
    noWait: flag('return as soon as the backup is accepted'),
  },
  run: async ({ type, tenantId, datasetIds, description, noWait }, context) => {
    const { backups: asked, lost } = await request({ type, tenant_id: tenantId, dataset_ids: datasetIds, description }, context);
    if (noWait) return tellCreated(asked, context);
    const ended = await waitForAll(asked, context);
    if (ended !== undefined) {
      if (datasetIds === undefined) await tellLeftOut(ended, context);
      return tellEnded(ended, lost, context);
    }
    tellCreated(asked, context);
    return EXIT.interrupted;
  },
});

type Body = Readonly<Record<string, unknown>>;

/** A key of all tenants must name one, or say that it means all: then it means all, as the old command line did. */
async function request(body: Body, context: Context): Promise<{ backups: Backup[]; lost: number }> {
  const { postSurely } = await import('../gateway/ask-surely.ts');
  const post = <T>(asked: Body) => postSurely<T>({ path: '/backups', body: asked, what: 'the backup' }, context);
  try {
    return { backups: [await post<Backup>(body)], lost: 0 };
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== 'request.tenant_needed' || body['dataset_ids'] !== undefined) throw error;
    context.out.say('This key reaches every tenant and no --tenant-id was given: backing up all tenants.');
    const { backups, left_out } = await post<Pick<Backup, 'left_out'> & { backups: Backup[] }>({ ...body, all_tenants: true });
    for (const { path, reason } of left_out?.paths ?? []) context.out.say(printable(`Of no tenant, so in no backup: ${path} (${reason})`));
    return { backups, lost: left_out?.lost ?? 0 };
  }
}

/** @returns undefined when Ctrl-C ended the waiting. */
async function waitForAll(asked: readonly Backup[], context: Context): Promise<Backup[] | undefined> {
  const { follow } = await import('../gateway/follow.ts');
  const ended: Backup[] = [];
  try {
    for (const { backup_id } of asked) ended.push(await follow<Backup>(backup_id, `/backups/${backup_id}`, context));
    return ended;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    context.out.say(`Stopped waiting; the backup goes on. Wait for it again: dr status ${asked[ended.length]!.backup_id} --wait`);
    return undefined;
  }
}

const LEFT_OUT_NAMED = 5;

/** A backup of everything holds data sets only: a folder that may not be read, say, is in none, and its owner believes it safe. */
async function tellLeftOut(backups: readonly Backup[], { api, out }: Context): Promise<void> {
  const client = await api();
  for (const { tenant_id } of backups) {
    const page = await client.get<{ unprotected?: UnprotectedPath[] }>('/datasets', { limit: 1, tenant_id }).catch(() => undefined);
    const left = page?.unprotected ?? [];
    for (const { path, message } of left.slice(0, LEFT_OUT_NAMED)) out.say(printable(`Not in any backup: ${path}: ${message}`));
    if (left.length > LEFT_OUT_NAMED)
      out.say(`Not in any backup: ${left.length - LEFT_OUT_NAMED} more (dr datasets --tenant-id ${tenant_id})`);
  }
}

function tellCreated(backups: readonly Backup[], { out }: Context): number {
  out.answer(jsonOf(backups), () => backups.map(createdLine).join('\n'));
  return EXIT.ok;
}

const jsonOf = (backups: readonly Backup[]): unknown => (backups.length === 1 ? backups[0] : { backups });
const createdLine = ({ backup_id }: Backup): string => `Backup created: ${backup_id}`;

/** `lost`: what belongs to no tenant and may hold data makes all of them together partial. */
function tellEnded(backups: readonly Backup[], lost: number, { out }: Context): number {
  if (backups.length === 0) throw new OperationFailed('The gateway accepted no backup.');
  const kept = backups.filter(({ status }) => status === 'completed' || status === 'partial');
  for (const backup of backups) out.say(endLine(backup));
  if (kept.length > 0 || out.json) out.answer(jsonOf(backups), () => kept.map(createdLine).join('\n'));
  const codes = backups.map(({ status }) => exitCodeOfStatus(status));
  return codes.find((code) => code === EXIT.failed) ?? Math.max(...codes, lost > 0 ? EXIT.partial : EXIT.ok);
}

function endLine({ backup_id, tenant_id, status, size_bytes, compressed_size_bytes, datasets, error_message }: Backup): string {
  const sizes =
    size_bytes == null
      ? ''
      : `, ${counted(datasets.length, 'data set')}, ${bytes(size_bytes)}, ${bytes(compressed_size_bytes)} added to the store`;
  return printable(`${backup_id} of ${tenant_id} ${status}${sizes}${error_message ? `: ${error_message}` : ''}`);
}
