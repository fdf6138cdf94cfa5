import { Refused } from '../errors.ts';
import type { RepositoryCommand } from './commands.ts';
import type { RepositoryEvent } from './events.ts';
import type { RepositoryState } from './state.ts';

/** Records what was found and done; an epoch begins once. @throws Refused 'repository.nothing_to_adopt', 'repository.nothing_imported'. */
export function decide(state: RepositoryState, command: RepositoryCommand): readonly RepositoryEvent[] {
  switch (command.kind) {
    case 'recordImport': {
      const { kind: _, ...data } = command;
      if (data.last < data.first) throw new Refused('repository.nothing_imported', 'An import of no event is not recorded.');
      return [{ type: 'LogImported', data }];
    }
    case 'recordFork': {
      const { kind: _, ...data } = command;
      return data.epoch <= state.epoch ? [] : [{ type: 'LogForked', data }];
    }
    case 'adoptRollback': {
      const { kind: _, ...data } = command;
      if (data.lacks.length > 0) return [{ type: 'RollbackAdopted', data }];
      throw new Refused(
        'repository.nothing_to_adopt',
        'Nothing was adopted: the repository shows everything that is remembered of it, and takes backups.',
      );
    }
  }
}
