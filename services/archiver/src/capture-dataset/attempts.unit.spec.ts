/** When a copy is taken again, when not, and what is said of one that did not come out whole. */
import type { DatasetReport, Finding, SourceNotes } from '@dr/deeplake';
import type { CapturedTree } from '@dr/repository';
import { type Attempt, captureUntilWhole } from './attempts.ts';

const NOW_MS = 1_800_000_000_000;

interface Seen {
  format?: 'v3' | 'v4' | 'opaque';
  errors?: string[];
  /** What was lost or torn while it was read. */
  tree?: CapturedTree['findings'][number]['kind'];
  /** Equal for two tries: nothing was written in between. */
  listing?: string;
  ageMs?: number;
  notes?: Partial<SourceNotes>;
}

function attemptOf({ format = 'v3', errors = [], tree, listing = 'same', ageMs = 0, notes }: Seen): Attempt {
  const findings: Finding[] = errors.map((path) => ({ format, code: 'C1', severity: 'error', path, message: 'missing' }));
  const changedAtNs = BigInt(NOW_MS - ageMs) * 1_000_000n;
  return {
    tree: { findings: tree ? [{ path: 'x', kind: tree, message: '' }] : [] } as unknown as CapturedTree,
    notes: {
      unreadable: new Map(),
      gaps: [],
      unsettled: undefined,
      replaced: false,
      listing,
      changedAtNs,
      ...notes,
    } as unknown as SourceNotes,
    report: { format, findings, intact: errors.length === 0 } as unknown as DatasetReport,
  };
}

async function outcome(...seen: Seen[]) {
  const waits: number[] = [];
  const earlier: (Attempt | undefined)[] = [];
  const attempts = seen.map(attemptOf);
  const { verdict, tries, ...last } = await captureUntilWhole({
    attempt: async (n, before) => {
      earlier.push(before);
      return attempts[n - 1]!;
    },
    sleep: async (ms) => waits.push(ms),
    now: () => NOW_MS,
  });
  expect(last.report).toBe(attempts[tries - 1]!.report);
  expect(earlier).toEqual([undefined, ...attempts].slice(0, tries));
  return [verdict, tries, waits] as const;
}

const written = (errors: string[], n: number): Seen => ({ errors, listing: `listing ${n}` });
const unsettled = { rounds: 10, entries: 1, paths: ['x'] };

test('a whole copy is the only one', async () => expect(await outcome({})).toEqual(['whole', 1, []]));

test('a torn copy is taken again, and the whole one counts', async () =>
  expect(await outcome(written(['a'], 1), written([], 2))).toEqual(['whole', 2, [500]]));

test('after three more tries it stays torn', async () =>
  expect(await outcome(...[1, 2, 3, 4].map((n) => written([`${n}`], n)))).toEqual(['torn', 4, [500, 1500, 4000]]));

test('the same errors twice and nothing written in between are damage of the source', async () =>
  expect(await outcome({ errors: ['a', 'b'] }, { errors: ['b', 'a'] })).toEqual(['source-damaged', 2, [500]]));

test('a source that was quiet for long is looked at again at once', async () =>
  expect(await outcome({ errors: ['a'], ageMs: 60_000 }, { errors: ['a'], ageMs: 60_000 })).toEqual(['source-damaged', 2, [50]]));

test('other errors, or writes in between, are no damage yet', async () => {
  expect((await outcome({ errors: ['a'] }, { errors: ['b'] }, { errors: ['b'] }))[0]).toBe('source-damaged');
  expect((await outcome(written(['a'], 1), written(['a'], 2), written(['a'], 3), written(['a'], 4))).slice(0, 2)).toEqual(['torn', 4]);
});

test('v4 writes its files once: the same errors to the end are damage, whatever is written', async () => {
  const v4 = (errors: string[], n: number): Seen => ({ ...written(errors, n), format: 'v4' });
  expect((await outcome(v4(['a'], 1), v4(['a'], 2), v4(['a'], 3), v4(['a'], 4))).slice(0, 2)).toEqual(['lasting', 4]);
  expect((await outcome(v4(['a'], 1), v4(['a'], 2), v4(['a'], 3), v4(['b'], 4))).slice(0, 2)).toEqual(['torn', 4]);
  expect((await outcome(v4(['b'], 1), v4(['b'], 2), v4(['a'], 3), v4(['a'], 4))).slice(0, 2)).toEqual(['torn', 4]);
});

test.each(['missing', 'changed'] as const)('a file that was %s while it was read may be whole the next time', async (tree) =>
  expect(await outcome({ tree }, {})).toEqual(['whole', 2, [500]]),
);

test('what may not be read will not be readable in a moment', async () => {
  expect(await outcome({ tree: 'unreadable' })).toEqual(['incomplete', 1, []]);
  expect(await outcome({ notes: { unreadable: new Map([['x', 'EACCES']]) } })).toEqual(['incomplete', 1, []]);
});

describe('writers that never rest', () => {
  test('get one more chance', async () => {
    expect(await outcome({ notes: { unsettled } }, {})).toEqual(['whole', 2, [500]]);
    expect(await outcome({ notes: { unsettled } }, { notes: { unsettled } })).toEqual(['torn', 2, [500]]);
  });
  test('of an unknown layout have got their time cut', async () =>
    expect(await outcome({ format: 'opaque', tree: 'changed', notes: { unsettled } })).toEqual(['incomplete', 1, []]));
  test('are no sign of damage', async () =>
    expect((await outcome({ errors: ['a'], notes: { unsettled } }, { errors: ['a'], notes: { unsettled } }))[0]).toBe('torn'));
});

test('a data set that was made anew meanwhile is captured again', async () =>
  expect(await outcome({ format: 'v4', notes: { replaced: true } }, { format: 'v4' })).toEqual(['whole', 2, [500]]));
