import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { moment } from '../output/human.ts';
import { table } from '../output/table.ts';
import type { EventSubscriber } from '../resources.ts';
import { text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

const PATH = '/event-subscribers';

export const createSubscriber = verb({
  name: 'subscribers create',
  summary: 'Make credentials to read a tenant’s events from NATS; they are shown once',
  about:
    'Stdout is the JSON that docs/examples/subscribe.mjs takes, so it can go into a file. The key needs the scope admin. When the answer is lost, revoke what the list shows and make another.',
  examples: [['dr subscribers create --tenant-id acme --name audit > subscriber.json', 'for a program that follows the events']],
  options: {
    tenantId: text('T', 'the tenant whose events it reads (default: the tenant of your key)'),
    name: text('N', 'words to know it by'),
  },
  run: async ({ tenantId, name }, { api, out }) => {
    const made = await (await api()).call<EventSubscriber>('POST', PATH, { body: { tenant_id: tenantId, name } });
    out.say(`Subscriber ${made.subscriber_id} of ${made.tenant_id}. Its seed is shown only now; keep it.`);
    out.answer(made, () => JSON.stringify(made, null, 2));
    return EXIT.ok;
  },
});

export const listSubscribers = verb({
  name: 'subscribers list',
  summary: 'List who may read events from NATS',
  examples: [['dr subscribers list', 'who reads what, revoked ones too']],
  run: async (_args, { api, out }) => {
    const found = await (await api()).get<{ subscribers: EventSubscriber[] }>(PATH);
    out.answer(found, () => subscriberTable(found.subscribers));
    return EXIT.ok;
  },
});

export const revokeSubscriber = verb({
  name: 'subscribers revoke <id>',
  summary: 'End a subscriber’s credentials at once',
  examples: [['dr subscribers revoke 0198f2c0-6d1e-7c4a-9b1f-2f6a0c3d5e71', 'its connection ends within two seconds']],
  run: async ({ id }, context) => revoke(id, context),
});

async function revoke(id: string, { api, out }: Context): Promise<number> {
  const revoked = await (await api()).call<EventSubscriber>('DELETE', `${PATH}/${encodeURIComponent(id)}`);
  out.answer(revoked, () => `Subscriber revoked: ${id}`);
  return EXIT.ok;
}

const COLUMNS = [{ title: 'SUBSCRIBER' }, { title: 'NAME' }, { title: 'TENANT' }, { title: 'STATE' }, { title: 'CREATED (UTC)' }];

function subscriberTable(subscribers: readonly EventSubscriber[]): string {
  const row = ({ subscriber_id, name, tenant_id, revoked_at, created_at }: EventSubscriber): string[] => [
    subscriber_id,
    name ?? '-',
    tenant_id,
    revoked_at ? 'revoked' : 'active',
    moment(created_at),
  ];
  return table(COLUMNS, subscribers.map(row));
}
