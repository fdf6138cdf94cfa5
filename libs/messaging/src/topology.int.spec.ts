import { ensureTopology, requireTopology } from './ensure-topology.ts';
import { BusUnavailable, ServerTooOld, TopologyDrift, TopologyMissing } from './errors.ts';
import { testAccount } from './testing/test-bus.ts';
import { isNewEnough, JOBS, TOPOLOGY } from './topology.ts';

let account: Awaited<ReturnType<typeof testAccount>>;
beforeEach(async () => {
  account = await testAccount();
});
afterEach(() => account.close());

test('what is missing is made once, by whoever comes first', async () => {
  const buses = await Promise.all([1, 2, 3].map(() => account.connect()));
  await Promise.all(buses.map((bus) => ensureTopology(bus)));
  await ensureTopology(buses[0]!);
  await requireTopology(buses[1]!);
  const names = (await buses[0]!.manager.streams.list().next()).map(({ config }) => config.name);
  expect(names.sort()).toEqual(TOPOLOGY.streams.map(({ name }) => name).sort());
});

test('only what is missing is made: a deleted consumer comes back, what lies in the stream stays', async () => {
  const bus = await account.connect();
  await ensureTopology(bus);
  await bus.stream.publish('dr.jobs.restore', 'x');
  await bus.manager.consumers.delete(JOBS, 'job-restore');
  await ensureTopology(bus);
  expect((await bus.manager.streams.info(JOBS)).state.messages).toBe(1);
});

test('a drifted stream is refused, told with both values, and left alone', async () => {
  const bus = await account.connect();
  await ensureTopology(bus);
  await bus.manager.streams.update(JOBS, { max_msgs: 5, max_age: 0 });
  for (const check of [ensureTopology, requireTopology] as ((b: typeof bus) => Promise<void>)[]) {
    const refused = check(bus);
    await expect(refused).rejects.toThrow(TopologyDrift);
    await expect(refused).rejects.toMatchObject({
      code: 'bus.topology_drift',
      differences: [
        expect.stringMatching(/stream DR_JOBS: max_age is 0, declared is/),
        'stream DR_JOBS: max_msgs is 5, declared is 100000',
      ],
    });
  }
  expect((await bus.manager.streams.info(JOBS)).config.max_msgs).toBe(5);
});

test('a drifted consumer is refused', async () => {
  const bus = await account.connect();
  await ensureTopology(bus);
  await bus.manager.consumers.update(JOBS, 'job-capture', { max_deliver: 3 });
  await expect(ensureTopology(bus)).rejects.toThrow(/consumer job-capture of DR_JOBS: max_deliver is 3, declared is -1/);
});

test("the operator's own choices are no drift", async () => {
  const bus = await account.connect();
  await ensureTopology(bus);
  await bus.manager.streams.update(JOBS, { description: 'ours', metadata: { team: 'sre' } });
  await ensureTopology(bus);
});

test('a service waits for the catalog to make the topology, but not for ever', async () => {
  const [service, catalog] = [await account.connect(), await account.connect()];
  await expect(requireTopology(service, { waitMs: 300 })).rejects.toThrow(TopologyMissing);
  const waiting = requireTopology(service, { waitMs: 10_000 });
  await ensureTopology(catalog);
  await waiting;
});

test('a server that is too old is refused by its version', async () => {
  const bus = await account.connect();
  Object.assign(bus.connection.info!, { version: '2.9.25' });
  await expect(ensureTopology(bus)).rejects.toThrow(ServerTooOld);
  await expect(requireTopology(bus)).rejects.toThrow(/2\.9\.25; 2\.10\.0 or newer/);
});

test('a server that does not answer about streams is told as unavailable', async () => {
  const bus = await account.connect();
  bus.manager.streams.info = () => Promise.reject(new Error('timeout'));
  await expect(ensureTopology(bus)).rejects.toThrow(/cannot be looked at: timeout. Is JetStream on/);
  await bus.connection.close();
  await expect(ensureTopology(bus)).rejects.toThrow(BusUnavailable);
});

describe('versions', () => {
  const cases: [string, boolean][] = [
    ['2.9.25', false],
    ['2.10.0', true],
    ['2.10.29', true],
    ['2.14.0-beta.1', true],
    ['3.0.0', true],
    ['1.99.0', false],
    ['unknown', false],
    ['', false],
  ];
  test.each(cases)('%s', (version, enough) => expect(isNewEnough(version)).toBe(enough));
});
