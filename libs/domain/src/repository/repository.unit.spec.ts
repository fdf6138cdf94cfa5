import { repositoryDecider } from '../deciders.ts';
import { specFor } from '../testing/given.ts';
import type { RepositoryEvent } from './events.ts';

const { given, stateAfter } = specFor(repositoryDecider);
const imported = { repositoryId: 'ab', epoch: 1, first: 1, last: 40 };
const forked = {
  repositoryId: 'ab',
  epoch: 2,
  fromEpoch: 1,
  position: 12,
  cause: 'diverged',
  objects: [],
  salvaged: 0,
  skipped: 0,
} as const;
const wasForked: RepositoryEvent = { type: 'LogForked', data: forked };

test('an import is recorded with the positions that came back', () => {
  given()
    .when({ kind: 'recordImport', ...imported })
    .then({ type: 'LogImported', data: imported });
  given()
    .when({ kind: 'recordImport', ...imported, last: 0 })
    .thenThrows('repository.nothing_imported');
});

test('an epoch begins once, and a later one after it', () => {
  given()
    .when({ kind: 'recordFork', ...forked })
    .then(wasForked);
  given(wasForked)
    .when({ kind: 'recordFork', ...forked })
    .then();
  given(wasForked)
    .when({ kind: 'recordFork', ...forked, epoch: 3, fromEpoch: 2 })
    .then({ type: 'LogForked', data: { ...forked, epoch: 3, fromEpoch: 2 } });
  expect(stateAfter(wasForked).epoch).toBe(2);
});

test('only a repository that shows less than is remembered can be adopted', () => {
  const adopted = { repositoryId: 'ab', by: 'key_1', lacks: ['the log ends at 30 instead of 40'] };
  given()
    .when({ kind: 'adoptRollback', ...adopted })
    .then({ type: 'RollbackAdopted', data: adopted });
  given()
    .when({ kind: 'adoptRollback', ...adopted, lacks: [] })
    .thenThrows('repository.nothing_to_adopt');
});
