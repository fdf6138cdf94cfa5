import { backupDecider, decodeEvent, encodeEvent, parseStream } from '@dr/domain';
import { BIG_TENANT, generatedLog, lifeCycle } from './life-cycles.ts';

test('a number gives the same backup, always, and numbers differ', () => {
  expect(lifeCycle(17)).toEqual(lifeCycle(17));
  expect(new Set(Array.from({ length: 2_000 }, (_, i) => lifeCycle(i).backupId)).size).toBe(2_000);
});

test('every event can be stored and read, and every stream is dense', () => {
  const versions = new Map<string, number>();
  for (const { stream, version, event } of generatedLog(200)) {
    const { type, schemaVersion, data } = encodeEvent(event);
    expect(decodeEvent(type, schemaVersion, JSON.parse(JSON.stringify(data)))).toEqual(event);
    expect(parseStream(stream).id).not.toBe('');
    expect(version).toBe((versions.get(stream) ?? 0) + 1);
    versions.set(stream, version);
  }
});

test('backups end in every way that there is, and nine of ten are of one tenant', () => {
  const lives = Array.from({ length: 400 }, (_, i) => lifeCycle(i));
  const ends = lives.map(({ backupId, events }) =>
    events
      .filter(({ stream }) => stream === `backup-${backupId}`)
      .map(({ event }) => event as Parameters<typeof backupDecider.evolve>[1])
      .reduce(backupDecider.evolve, backupDecider.initial),
  );
  expect([...new Set(ends.map(({ status }) => status))].sort()).toEqual(['cancelled', 'completed', 'failed', 'partial']);
  expect(ends.filter((state) => 'deletion' in state && state.deletion?.step === 'deleted').length).toBeGreaterThan(5);
  expect(lives.filter(({ tenant }) => tenant === BIG_TENANT)).toHaveLength(360);
});
