/** The sweep on a real log and a real disk: what belongs to an ended restore goes, what belongs to an open or unknown one stays. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { restoreDecider, streamOf } from '@dr/domain';
import { contentOf, namesIn, put, type Restoring, request, restoring } from '../testing/restoring.ts';
import { SweepLeftovers } from './sweep-leftovers.ts';

let on: Restoring;
beforeAll(async () => {
  on = await restoring({ articles: { a: '1' } });
}, 60_000);
afterAll(() => on.house.close());

const meta = { tenant: 'acme', requestId: 'r', actor: 'spec' };
const sweep = () => new SweepLeftovers(on.house).sweep();

async function ended(targetTenant: string, isRestored: boolean): Promise<string> {
  const id = await request(on, { targetTenant });
  const result = isRestored
    ? ({ kind: 'recordRestored', n: 1, from: 'articles', to: 'articles', objects: 1, bytes: 1, findings: [] } as const)
    : ({ kind: 'recordFailed', n: 1, code: 'restore.failed', message: 'no' } as const);
  const commands = [{ kind: 'start' }, { kind: 'beginSwap' }, result, { kind: 'end' }] as const;
  for (const command of commands)
    await on.house.store.decide(streamOf.restore(id), restoreDecider, command, { commandId: `${command.kind}-${id}`, meta });
  return id;
}

test('of restores that have ended nothing is left, in the folders of tenants and in the root', async () => {
  const [done, failed] = [await ended('one', true), await ended('two', false)];
  put(on, 'one/articles/a', 'new');
  put(on, `one/.dr-old-${done}-1/a`, 'old');
  put(on, `two/.dr-${failed}-1-3/a`, 'half');
  put(on, `two/.dr-old-${failed}-1/a`, 'old');
  put(on, `.dr-${failed}-1-4/a`, 'half');
  await sweep();
  expect([namesIn(on, 'one'), contentOf(on, 'one/articles/a')]).toEqual([['articles'], 'new']);
  expect([namesIn(on, 'two'), contentOf(on, 'two/articles/a')]).toEqual([['articles'], 'old']);
  expect(existsSync(join(on.house.sourceRoot, `.dr-${failed}-1-4`))).toBe(false);
});

test('what open and unknown restores have there stays, and so does what somebody else has changed, with a word', async () => {
  const [open, failed] = [await request(on, { targetTenant: 'three' }), await ended('three', false)];
  put(on, `three/.dr-${open}-1-1/a`, 'in work');
  put(on, 'three/.dr-old-restore_20250101_000000_00000000-1/a', 'of another log');
  put(on, `three/.dr-old-${failed}-1/a`, 'old');
  put(on, 'three/articles/a', 'somebody');
  const before = namesIn(on, 'three');
  await sweep();
  expect(namesIn(on, 'three')).toEqual(before);
  expect(on.house.lines.at(-1)).toMatchObject({ level: 'warn', fields: { restore_id: failed, dataset_id: 'articles' } });
});

test('a source root that is away is no trouble', async () => {
  const config = { ...on.house.config, deeplake: { root: '/nowhere' } };
  await expect(new SweepLeftovers({ ...on.house, config }).sweep()).resolves.toBeUndefined();
});
