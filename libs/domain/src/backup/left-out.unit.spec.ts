/** What a backup of everything leaves out: what of it makes the backup partial, how it is bounded, and that a commit tells it without the log. */
import { BACKUP_ID, commit, requestBackup } from '../testing/samples.ts';
import { decide } from './decide.ts';
import { evolve } from './evolve.ts';
import { type LeftOut, type LeftOutPath, leftOutFrom, leftOutOf, lostIn } from './left-out.ts';
import { absentBackup } from './state.ts';
import { decisionFrom } from './stored-decision.ts';

const locked: LeftOutPath = { path: 'acme/locked', reason: 'unreadable' };
const notes: LeftOutPath = { path: 'acme/notes.txt', reason: 'loose-file' };

function sealedWith(leftOut: LeftOut | undefined, more: object = {}) {
  const [requested] = decide(absentBackup, requestBackup(undefined, leftOut && { leftOut }));
  const decision = { ...commit({ articles: 'completed', support: 'completed' }), ...more };
  const [event] = decide(evolve(absentBackup, requested!), { kind: 'recordDecision', decision });
  return event?.type === 'BackupSealed' ? event.data : undefined;
}

test('a backup that leaves out what may hold data is partial, and names it', () => {
  expect(sealedWith(leftOutOf([notes, locked]))).toMatchObject({
    outcome: 'partial',
    expected: 2,
    done: 2,
    missing: [{ datasetId: 'acme/locked', cause: expect.stringContaining('may not look into it') }],
  });
});

test.each<LeftOutPath['reason']>(['loose-file', 'symlink', 'special'])('a %s is left out by design', (reason) =>
  expect(sealedWith(leftOutOf([{ path: 'acme/x', reason }]))).toMatchObject({ outcome: 'completed', missing: [] }),
);

test('nothing left out is nothing to say', () => {
  expect(leftOutOf([])).toBeUndefined();
  expect(sealedWith(undefined)).toMatchObject({ outcome: 'completed' });
});

test('of very many some are named, what is lost first, and all are counted', () => {
  const many = Array.from(
    { length: 300 },
    (_, i) => ({ path: `acme/${'x'.repeat(5_000)}${i}`, reason: i < 200 ? 'symlink' : 'bad-name' }) as const,
  );
  const left = leftOutOf(many)!;
  expect([left.total, left.lost, left.paths.length]).toEqual([300, 100, 50]);
  expect(new Set(left.paths.map(({ reason }) => reason))).toEqual(new Set(['bad-name']));
  expect(JSON.stringify(left).length).toBeLessThan(40_000);
  expect(lostIn(left).at(-1)).toEqual({ datasetId: '50 more', cause: expect.any(String) });
});

test('a commit tells it when the log has no request; what another writer left there is not trusted', () => {
  const left = leftOutOf([locked])!;
  const stored = {
    kind: 'commit',
    backupId: BACKUP_ID,
    checksum: 'c',
    storagePath: 'p',
    createdAtMs: 0,
    storedBytes: 1,
    datasets: [],
  } as const;
  const told = decisionFrom({ ...stored, extra: { leftOut: left } });
  expect(told).toMatchObject({ leftOut: left });
  expect(sealedWith(undefined, { leftOut: left })).toMatchObject({ outcome: 'partial' });
  expect(decisionFrom({ ...stored, extra: { leftOut: 'everything' } })).not.toHaveProperty('leftOut');
  expect(leftOutFrom({ total: 1, lost: 1, paths: [{ path: 'x', reason: 'boredom' }] })).toBeUndefined();
});
