/** Who wrote reads what was written: at the catalog's word, and without it after a while. */
import { announce, NUDGE } from '@dr/messaging';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import { Views } from './views.ts';

let house: TestHouse;
let views: Views;
let now = 0;
beforeAll(async () => {
  house = await testHouse({ service: 'gateway', migrations });
  views = new Views({ ...house, now: () => now });
  views.onApplicationBootstrap();
  await house.bus.connection.flush();
}, 60_000);
afterAll(async () => {
  await views.onApplicationShutdown();
  await house.close();
});

const busy = () => Object.assign(new Error('busy'), { code: 'bus.busy' });

test('the word of the catalog ends the wait, and of one stream only', async () => {
  let reads = 0;
  const read = async () => `seen at read ${++reads}`;
  const [mine, other] = [views.untilSeen('backup-a', read), views.untilSeen('backup-b', async () => 'other')];
  announce(house.bus, NUDGE.view, ['backup-z', 'backup-a']);
  await expect(Promise.race([mine, other])).resolves.toBe('seen at read 1');
  expect(await other).toBe('other');
});

test('without a word it looks by itself, less and less often', async () => {
  let reads = 0;
  const begun = performance.now();
  expect(await views.untilSeen('backup-c', async () => (++reads === 3 ? 'seen' : undefined))).toBe('seen');
  expect(performance.now() - begun).toBeGreaterThan(300);
});

test('a catalog with much to do is asked again, since the write is done', async () => {
  let reads = 0;
  const read = async () => {
    if (++reads < 3) throw busy();
    return 'seen';
  };
  expect(await views.untilSeen('backup-d', read)).toBe('seen');
});

test('any other failure passes through', async () => {
  await expect(views.untilSeen('backup-e', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
});

test('what is not seen in time is not there: for the caller to be told', async () => {
  const read = async () => {
    now += 11_000;
    return undefined;
  };
  expect(await views.untilSeen('backup-f', read)).toBeUndefined();
});
