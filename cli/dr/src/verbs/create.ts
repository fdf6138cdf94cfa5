import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { ApiProblem, GatewayUnreachable, Interrupted, OperationFailed } from '../errors.ts';
import { EXIT, exitCodeOfStatus } from '../exit-code.ts';
import type { ApiClient } from '../gateway/api-client.ts';
import { untilEnded } from '../gateway/wait.ts';
import { bytes, counted } from '../output/human.ts';
import { bar } from '../output/out.ts';
import { printable } from '../output/table.ts';
import type { Backup } from '../resources.ts';
import { choice, flag, names, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const create = verb({
  name: 'create',
  summary: 'Back up data sets',
  about:
    'Waits for the end; Ctrl-C stops waiting, not the backup. The last line is "Backup created: ID". Exit code 3 when the backup is partial.',
  options: {
    type: choice(['full', 'incremental', 'differential', 'snapshot'], 'full', 'what is read anew'),
    tenantId: text('T', "this tenant's data (default: the key's tenant; all tenants with a key of all)"),
    datasetIds: names('A,B …', 'only these data sets'),
    description: text('D', 'words to find it by'),
    noWait: flag('return as soon as the backup is accepted'),
  },
  run: async ({ type, tenantId, datasetIds, description, noWait }, context) => {
    const api = await context.api();
    const body = { type, tenant_id: tenantId, dataset_ids: datasetIds, description };
    const asked = await request(api, body, context);
    if (noWait) return tellCreated(asked, context);
    const ended = await waitForAll(api, asked, context);
    if (ended === undefined) {
      tellCreated(asked, context);
      return EXIT.interrupted;
    }
    return tellEnded(ended, context);
  },
});

type Body = Readonly<Record<string, unknown>>;

/** A key of all tenants must name one, or say that it means all: then it means all, as the old command line did. */
async function request(api: ApiClient, body: Body, { out }: Context): Promise<Backup[]> {
  try {
    return [await post<Backup>(api, body)];
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== 'request.tenant_needed' || body['dataset_ids'] !== undefined) throw error;
    out.say('This key reaches every tenant and no --tenant-id was given: backing up all tenants.');
    return (await post<{ backups: Backup[] }>(api, { ...body, all_tenants: true })).backups;
  }
}

const TRIES = 4;

/**
 * A gateway that is just starting is asked again. One that took the request and lost the reply is not, so that one call never makes two backups;
 * the idempotency key lets a gateway that knows it tell a repeat of the same call.
 */
async function post<T>(api: ApiClient, body: Body): Promise<T> {
  const headers = { 'idempotency-key': randomUUID() };
  for (let tried = 1; ; tried++) {
    try {
      return await api.post<T>('/backups', body, headers);
    } catch (error) {
      if (!(error instanceof GatewayUnreachable) || error.sent || tried === TRIES) throw error;
      await pause(tried * 250);
    }
  }
}

/** @returns undefined when Ctrl-C ended the waiting. */
async function waitForAll(api: ApiClient, asked: readonly Backup[], context: Context): Promise<Backup[] | undefined> {
  const ended: Backup[] = [];
  try {
    for (const { backup_id } of asked) ended.push(await waitFor(api, backup_id, context));
    return ended;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    context.out.say('Stopped waiting; the backup goes on. Ask with: dr status ID');
    return undefined;
  }
}

function waitFor(api: ApiClient, id: string, { out, signal, machine }: Context): Promise<Backup> {
  return untilEnded({
    ask: () => api.get<Backup>(`/backups/${id}`),
    show: ({ status, progress }) => {
      const { datasets_done: done = 0, datasets_total: total = 0 } = progress ?? {};
      out.progress(`${id}  ${bar(done, total)}  ${done} of ${counted(total, 'data set')}, ${status}`);
    },
    signal,
    out,
    now: machine.now,
  });
}

function tellCreated(backups: readonly Backup[], { out }: Context): number {
  out.answer(jsonOf(backups), () => backups.map(createdLine).join('\n'));
  return EXIT.ok;
}

const jsonOf = (backups: readonly Backup[]): unknown => (backups.length === 1 ? backups[0] : { backups });
const createdLine = ({ backup_id }: Backup): string => `Backup created: ${backup_id}`;

function tellEnded(backups: readonly Backup[], { out }: Context): number {
  if (backups.length === 0) throw new OperationFailed('The gateway accepted no backup.');
  const kept = backups.filter(({ status }) => status === 'completed' || status === 'partial');
  for (const backup of backups) out.say(endLine(backup));
  if (kept.length > 0 || out.json) out.answer(jsonOf(backups), () => kept.map(createdLine).join('\n'));
  const codes = backups.map(({ status }) => exitCodeOfStatus(status));
  return codes.find((code) => code === EXIT.failed) ?? Math.max(...codes);
}

function endLine({ backup_id, tenant_id, status, size_bytes, compressed_size_bytes, datasets, error_message }: Backup): string {
  const sizes =
    size_bytes == null
      ? ''
      : `, ${counted(datasets.length, 'data set')}, ${bytes(size_bytes)}, ${bytes(compressed_size_bytes)} added to the store`;
  return printable(`${backup_id} of ${tenant_id} ${status}${sizes}${error_message ? `: ${error_message}` : ''}`);
}
