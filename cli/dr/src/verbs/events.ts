import type { Context } from '../context.ts';
import { ApiProblem } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { moment } from '../output/human.ts';
import { printable } from '../output/table.ts';
import type { Backup, LogEvent } from '../resources.ts';
import { flag, names, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const events = verb({
  name: 'events [backup]',
  summary: "List what happened, from the log: everybody's that the key may see, or one backup's",
  about: 'With --json one CloudEvent a line. --follow goes on with what happens now, over restarts of the gateway, until Ctrl-C.',
  examples: [
    ['dr events backup_20260131_120000_0a1b2c3d', 'the life of one backup'],
    ['dr events --types BackupFailed,BackupSealed --follow --json', 'a feed for another program'],
  ],
  options: {
    follow: flag('go on with new events'),
    tenantId: text('T', "only this tenant's (default: all that the key may see)"),
    after: text('ID', 'only events after this one, by its id (default: from the beginning; with --follow: from now on)'),
    types: names('T,T …', 'only of these types'),
  },
  run: async ({ backup, follow, tenantId, after, types }, context) => {
    if (backup !== undefined) return ofBackup(backup, context);
    const { eventStream } = await import('../gateway/event-stream.ts');
    for await (const event of eventStream({ after, types, tenant: tenantId, follow }, context)) tell(event, context);
    return EXIT.ok;
  },
});

/** A gateway without a list of one backup's events tells them among all others. @throws ApiProblem (404) for an unknown backup. */
async function ofBackup(id: string, context: Context): Promise<number> {
  const { everyPage } = await import('../gateway/pages.ts');
  const [api, path] = [await context.api(), `/backups/${encodeURIComponent(id)}`];
  const { tenant_id } = await api.get<Backup>(path);
  try {
    for (const event of await everyPage<LogEvent>(api, `${path}/events`, 'events', {})) tell(event, context);
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 404) throw error;
    const { eventStream } = await import('../gateway/event-stream.ts');
    for await (const event of eventStream({ tenant: tenant_id, follow: false }, context))
      if (event.subject?.includes(id)) tell(event, context);
  }
  return EXIT.ok;
}

function tell(event: LogEvent, { out }: Context): void {
  const { time, type, subject } = event;
  out.line(out.json ? JSON.stringify(event) : printable(`${moment(time)}  ${type ?? '-'}  ${subject ?? ''}`.trimEnd()));
}
