import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from './bus.ts';
import { BadMessage } from './errors.ts';
import { announce, nudge, onAnnounced, onNudge } from './nudges.ts';
import { onProgress, ProgressPublisher } from './progress.ts';
import { NUDGE } from './subjects.ts';
import { recordingLog, testAccount, until } from './testing/test-bus.ts';

let account: Awaited<ReturnType<typeof testAccount>>;
let here: Bus;
let there: Bus;
const { log, lines } = recordingLog();
beforeEach(async () => {
  account = await testAccount();
  [here, there] = [await account.connect('one', { log }), await account.connect('two')];
});
afterEach(() => account.close());

describe('announcements', () => {
  test('say what they are about, to everybody, until one stops listening', async () => {
    const heard: string[][] = [[], []];
    const stop = onAnnounced(here, NUDGE.view, (about) => heard[0]!.push(...about));
    onAnnounced(there, NUDGE.view, (about) => heard[1]!.push(...about));
    await Promise.all([here.connection.flush(), there.connection.flush()]);
    announce(there, NUDGE.view, ['backup-a', 'restore-b']);
    await until(() => heard.flat().length === 4);
    await stop();
    announce(there, NUDGE.view, ['backup-c']);
    await until(() => heard.flat().length === 5);
    expect(heard).toEqual([
      ['backup-a', 'restore-b'],
      ['backup-a', 'restore-b', 'backup-c'],
    ]);
  });

  test('what is not one is about nothing', async () => {
    const heard: (readonly string[])[] = [];
    onAnnounced(here, NUDGE.view, (about) => heard.push(about));
    await here.connection.flush();
    for (const text of ['', '{', '{"a":1}', '[1,"x",null]']) there.connection.publish(NUDGE.view, text);
    await until(() => heard.length === 4);
    expect(heard).toEqual([[], [], [], ['x']]);
  });
});

describe('nudges', () => {
  test('a hundred during a run cost one more run, and never two at once', async () => {
    let [runs, now, most] = [0, 0, 0];
    onNudge(here, NUDGE.log, async () => {
      runs++;
      most = Math.max(most, ++now);
      await pause(200);
      now--;
    });
    await here.connection.flush();
    for (let i = 0; i < 100; i++) nudge(there, NUDGE.log);
    await until(() => runs === 2 && now === 0);
    await pause(300);
    expect([runs, most]).toEqual([2, 1]);
  });

  test('each of two listeners hears it, and one that fails is logged and goes on', async () => {
    const heard: string[] = [];
    onNudge(here, NUDGE.sequencer, () => {
      heard.push('one');
      throw new Error('database away');
    });
    onNudge(there, NUDGE.sequencer, () => heard.push('two'));
    await Promise.all([here.connection.flush(), there.connection.flush()]);
    nudge(there, NUDGE.sequencer);
    await until(() => heard.length === 2);
    nudge(here, NUDGE.sequencer);
    await until(() => heard.length === 4);
    await until(() => lines.filter(({ message }) => message === 'nudged, but failed').length === 2);
  });

  test('a stopped listener hears no more, and stopping waits for the run', async () => {
    const heard: string[] = [];
    const stop = onNudge(here, NUDGE.log, async () => {
      heard.push('start');
      await pause(200);
      heard.push('end');
    });
    await here.connection.flush();
    nudge(there, NUDGE.log);
    await until(() => heard.length === 1);
    await stop();
    expect(heard).toEqual(['start', 'end']);
    nudge(there, NUDGE.log);
    await pause(100);
    expect(heard).toHaveLength(2);
  });

  test('on a closed bus it does nothing', async () => {
    await there.close();
    expect(() => nudge(there, NUDGE.log)).not.toThrow();
  });
});

describe('progress', () => {
  async function listening() {
    const heard: [string, number, number][] = [];
    onProgress<{ bytes: number }>(there, '*', (operation, { bytes }) => heard.push([operation, bytes, performance.now()]));
    await there.connection.flush();
    return heard;
  }

  test('goes out at most twice a second per operation: the first at once, the last always', async () => {
    const heard = await listening();
    const progress = new ProgressPublisher(here);
    for (let bytes = 1; bytes <= 120; bytes++) {
      progress.publish('backup_1', { bytes });
      await pause(10);
    }
    await until(() => heard.at(-1)?.[1] === 120);
    expect(heard[0]!.slice(0, 2)).toEqual(['backup_1', 1]);
    const gaps = heard.slice(1).map(([, , at], i) => at - heard[i]![2]);
    for (const gap of gaps) expect(gap).toBeGreaterThan(450);
    expect(heard.length).toBeLessThanOrEqual(5);
  });

  test('operations do not wait for each other', async () => {
    const heard = await listening();
    const progress = new ProgressPublisher(here);
    progress.publish('a', { bytes: 1 });
    progress.publish('b', { bytes: 2 });
    await until(() => heard.length === 2, 400);
  });

  test('what is held back goes out when the bus closes', async () => {
    const heard = await listening();
    const progress = new ProgressPublisher(here);
    progress.publish('a', { bytes: 1 });
    progress.publish('a', { bytes: 2 });
    await here.close();
    await until(() => heard.at(-1)?.[1] === 2, 400);
    progress.publish('a', { bytes: 3 });
  });

  test('one operation can be heard alone, and what is not JSON is passed over', async () => {
    const heard: unknown[] = [];
    onProgress(there, 'a', (_, snapshot) => heard.push(snapshot));
    await there.connection.flush();
    here.connection.publish('dr.progress.a', 'not json');
    const progress = new ProgressPublisher(here);
    progress.publish('b', { bytes: 1 });
    progress.publish('a', { bytes: 2 });
    await until(() => heard.length === 1);
    expect(heard).toEqual([{ bytes: 2 }]);
  });

  test('an operation that cannot be part of a subject is refused', () => {
    const progress = new ProgressPublisher(here);
    for (const operation of ['', 'a.b', 'a *', '>']) expect(() => progress.publish(operation, {})).toThrow(BadMessage);
  });
});
