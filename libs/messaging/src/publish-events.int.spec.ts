import type { Bus } from './bus.ts';
import { fromMessage } from './cloud-events.ts';
import { PublishFailed } from './errors.ts';
import { publishEvents } from './publish-events.ts';
import { anEvent } from './testing/an-event.ts';
import { quickBus, testAccount } from './testing/test-bus.ts';
import { EVENTS } from './topology.ts';

let account: Awaited<ReturnType<typeof testAccount>>;
let bus: Bus;
beforeEach(async () => {
  account = await testAccount();
  bus = await quickBus(account);
});
afterEach(() => account.close());

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => anEvent(from + i));

async function stored(): Promise<number[]> {
  const { state } = await bus.manager.streams.info(EVENTS);
  const seqs = Array.from({ length: state.messages }, (_, i) => state.first_seq + i);
  const messages = await Promise.all(seqs.map((seq) => bus.manager.streams.getMessage(EVENTS, { seq })));
  return messages.map((message) => Number(message!.header.get('ce-position')));
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test('a batch is stored in order and reads back as it was', async () => {
  await publishEvents(bus, range(1, 600));
  expect(await stored()).toEqual(upTo(600));
  const message = await bus.manager.streams.getMessage(EVENTS, { seq: 599 });
  expect(fromMessage({ headers: message!.header, string: () => message!.string() })).toEqual(anEvent(599));
});

test('nothing to publish is fine', () => publishEvents(bus, []));

test('publishing again stores nothing twice, also when the batch has grown', async () => {
  await publishEvents(bus, range(1, 5));
  await publishEvents(bus, range(1, 5));
  await publishEvents(bus, range(3, 9));
  expect(await stored()).toEqual(upTo(9));
});

test('an event that was lost on the way holds back the ones behind it, and the repair keeps the order', async () => {
  const publish = bus.stream.publish.bind(bus.stream);
  let lose = true;
  bus.stream.publish = (subject, data, options) => {
    if (options?.headers?.get('ce-id') === 'event-3' && lose) {
      lose = false;
      return Promise.reject(new Error('lost on the way'));
    }
    return publish(subject, data, options);
  };
  await publishEvents(bus, range(1, 8));
  expect(await stored()).toEqual(upTo(8));
});

test('a repeated batch of which the stream knows only a part is published to its end', async () => {
  await publishEvents(bus, range(3, 4));
  await publishEvents(bus, range(1, 6));
  expect([...(await stored())].sort()).toEqual([1, 2, 3, 4, 5, 6]);
});

test('without the stream it fails, says at which position, and goes on when the stream is back', async () => {
  await bus.manager.streams.delete(EVENTS);
  const failed = publishEvents(bus, range(1, 3));
  await expect(failed).rejects.toThrow(PublishFailed);
  await expect(failed).rejects.toMatchObject({
    code: 'bus.publish_failed',
    details: { position: 1 },
    message: expect.stringContaining('event-1'),
  });
  await quickBus(account);
  await publishEvents(bus, range(1, 3));
  expect(await stored()).toEqual([1, 2, 3]);
});
