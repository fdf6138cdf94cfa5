import { chooseAsOf, type Unreached } from './choose-as-of.ts';

/** Backups by name: the data sets in them, and which of these do not reach back. */
const backups: Record<string, { sets: string[]; lost?: string[]; code?: string }> = {
  old: { sets: ['a', 'b'] },
  whole: { sets: ['a', 'b'] },
  young: { sets: ['a', 'b', 'new'], lost: ['new'] },
  remade: { sets: ['a', 'b'], lost: ['b'] },
  opaque: { sets: ['a', 'x'], lost: ['x'], code: 'restore.version_not_possible' },
  none: { sets: ['new'], lost: ['new'] },
};

const asked: string[] = [];
const choose = (after: string[], before: string | undefined, named = false) =>
  chooseAsOf({
    after,
    before: async () => before,
    datasetsOf: (name) => backups[name]!.sets,
    unreached: async (name): Promise<Unreached[]> => {
      asked.push(name);
      const { lost = [], code = 'restore.version_not_reached' } = backups[name]!;
      return lost.map((datasetId) => ({ datasetId, code, message: 'no' }));
    },
    named,
  });
beforeEach(() => asked.splice(0));

test('the oldest from after the moment that reaches back to it, and no later one is looked at', async () => {
  expect(await choose(['whole', 'old'], 'old')).toEqual({ backup: 'whole', cut: true, without: [] });
  expect(await choose(['remade', 'whole'], 'old')).toMatchObject({ backup: 'whole', cut: true });
  expect(asked).toEqual(['whole', 'remade', 'whole']);
});

test('else the newest from before, as it was captured', async () => {
  expect(await choose([], 'old')).toEqual({ backup: 'old', cut: false, without: [] });
  expect(await choose(['remade', 'opaque'], 'old')).toMatchObject({ backup: 'old', cut: false });
});

test('a data set that began later is left out when no backup from before holds it, and wanted when it was named', async () => {
  expect(await choose(['young'], 'old')).toMatchObject({ backup: 'young', cut: true, without: [{ datasetId: 'new' }] });
  expect(await choose(['young'], undefined)).toMatchObject({ backup: 'young', without: [{ datasetId: 'new' }] });
  expect(await choose(['young'], 'old', true)).toMatchObject({ backup: 'old', cut: false });
});

test('when all of them began later, or none can be cut, the reasons of the oldest are told', async () => {
  expect(await choose(['none', 'opaque'], undefined)).toEqual({
    backup: undefined,
    why: [{ datasetId: 'new', code: 'restore.version_not_reached', message: 'no' }],
  });
  expect(await choose([], undefined)).toEqual({ backup: undefined, why: [] });
});

test('only a few are looked at', async () => {
  await choose(
    Array.from({ length: 50 }, () => 'remade'),
    'old',
  );
  expect(asked).toHaveLength(8);
});
