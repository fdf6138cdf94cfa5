import { type Bus, connectBus } from './bus.ts';
import { ensureTopology, requireTopology } from './ensure-topology.ts';
import { SERVICES, type ServiceName } from './job-kinds.ts';
import { natsTriggers } from './nats-triggers.ts';
import { nudge, onNudge } from './nudges.ts';
import { permissionsFor } from './permissions.ts';
import { onProgress, ProgressPublisher } from './progress.ts';
import { publishEvents } from './publish-events.ts';
import { answer, query } from './queries.ts';
import { NUDGE } from './subjects.ts';
import { anEvent } from './testing/an-event.ts';
import { type OwnServer, ownServer } from './testing/own-server.ts';
import { until } from './testing/test-bus.ts';

let server: OwnServer;
const bus = {} as Record<ServiceName, Bus>;

function user(service: ServiceName): string {
  const { publish, subscribe, allowResponses } = permissionsFor(service);
  const list = (subjects: readonly string[]) => `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`;
  const responses = allowResponses ? ', allow_responses: true' : '';
  return `{ user: ${service}, password: pw-${service}, permissions: { publish: { allow: ${list(publish)} }, subscribe: { allow: ${list(subscribe)} }${responses} } }`;
}

beforeAll(async () => {
  server = await ownServer(`users: [ ${SERVICES.map(user).join(', ')} ]`);
  for (const service of SERVICES) bus[service] = await connectBus({ url: server.url, user: service, pass: `pw-${service}`, service });
  await ensureTopology(bus.catalog);
});
afterAll(async () => {
  await Promise.all(SERVICES.map((service) => bus[service]?.close()));
  await server.end();
});

test('everybody but the supervisor can look at the topology', async () => {
  for (const service of ['gateway', 'catalog', 'archiver', 'restorer'] as const) await requireTopology(bus[service]);
});

test('the catalog relays events, and nobody else can', async () => {
  await publishEvents(bus.catalog, [anEvent(1)]);
  await expect(publishEvents(bus.archiver, [anEvent(2)])).rejects.toThrow(/permission|not acknowledged/i);
});

test('triggers reach the service whose kind it is; another cannot take them', async () => {
  const heard: string[] = [];
  natsTriggers(bus.archiver).onTrigger('capture', (jobId) => heard.push(jobId));
  natsTriggers(bus.restorer).onTrigger('restore', (jobId) => heard.push(jobId));
  await natsTriggers(bus.catalog).publishTrigger('capture', 'c1');
  await natsTriggers(bus.gateway).publishTrigger('restore', 'r1');
  await until(() => heard.length === 2);
  expect(heard.sort()).toEqual(['c1', 'r1']);
  const stop = natsTriggers(bus.restorer).onTrigger('capture', (jobId) => heard.push(`stolen ${jobId}`));
  await until(() => !bus.restorer.health().ok);
  await stop();
  expect(heard).toHaveLength(2);
});

test('a worker can bury what it cannot take', async () => {
  const stop = natsTriggers(bus.archiver, { deliveriesMax: 1 }).onTrigger('backup', () => {
    throw new Error('no');
  });
  await bus.archiver.stream.publish('dr.jobs.backup', '{"jobId":"x"}');
  await until(async () => (await bus.gateway.manager.streams.info('DR_DEAD')).state.messages === 1);
  await stop();
});

test('questions, health, nudges and progress go where they should', async () => {
  answer(bus.catalog, 'dr.query.catalog.backups.list', () => 'backups');
  for (const service of ['catalog', 'archiver', 'restorer'] as const) answer(bus[service], `dr.health.${service}`, () => 'well');
  let nudged = 0;
  onNudge(bus.catalog, NUDGE.sequencer, () => nudged++);
  const heard: string[] = [];
  onProgress(bus.gateway, '*', (operation) => heard.push(operation));
  await Promise.all(SERVICES.map((service) => bus[service].connection.flush()));
  expect(await query(bus.gateway, 'dr.query.catalog.backups.list')).toBe('backups');
  expect(await query(bus.archiver, 'dr.query.catalog.backups.list')).toBe('backups');
  for (const service of ['catalog', 'archiver', 'restorer']) expect(await query(bus.supervisor, `dr.health.${service}`)).toBe('well');
  nudge(bus.gateway, NUDGE.sequencer);
  new ProgressPublisher(bus.restorer).publish('restore_1', {});
  await until(() => nudged === 1 && heard.length === 1);
});

test.each([
  ['the archiver cannot delete a stream', 'archiver', '$JS.API.STREAM.DELETE.DR_EVENTS'],
  ['the catalog cannot delete one either', 'catalog', '$JS.API.STREAM.DELETE.DR_EVENTS'],
  ['the supervisor cannot ask for data', 'supervisor', 'dr.query.catalog.backups.list'],
  ['nobody can write into the inbox of another', 'restorer', '_INBOX_gateway.x'],
] as const)('%s', async (_, service, subject) => {
  await expect(bus[service].connection.request(subject, '', { timeout: 1_000 })).rejects.toThrow(/permission/i);
});

test('nobody can listen in the inbox of another, nor to everything', async () => {
  for (const subject of ['_INBOX_gateway.>', '>', 'dr.>']) {
    const refused = new Promise<Error | null>((resolve) =>
      bus.restorer.connection.subscribe(subject, { callback: (error) => resolve(error) }),
    );
    await expect(refused).resolves.toThrow(/permission/i);
  }
});
