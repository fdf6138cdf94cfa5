import { DrError } from '@dr/storage';

/** The repository holds the log of another installation. Nothing was written there or here. */
export class ForeignLog extends DrError {
  readonly code = 'log_copy.foreign';
  constructor(uri: string, repositoryId: string, events: number) {
    super(
      `The repository ${repositoryId} in ${uri} holds the event log of another installation, and this one has a log of its own (${events} events) that has ` +
        'nothing in common with it. Nothing was written. To take that installation over, start with an empty DR_HOME (and an empty database, where ' +
        'DATABASE_URL is set); to go on with this one, set BACKUP_PATH back to its own repository or to an empty folder.',
      { details: { uri, repositoryId, events } },
    );
  }
}

/** While this house ran, another one wrote its own log into the same repository. Nothing is written over, and nothing is lost. */
export class SharedRepository extends DrError {
  readonly code = 'log_copy.shared';
  constructor(uri: string, repositoryId: string, epoch: number, position: number) {
    super(
      `Another house writes its event log into the repository ${repositoryId} in ${uri}: behind event ${position}, epoch ${epoch} of the log's copy holds ` +
        'events that this house does not have. The events of this house are kept in its database, and are not copied any more. Find the other house (an old ' +
        'machine that still runs, a copied DR_HOME or database), stop it or give it another BACKUP_PATH, then restart the one that is to go on: it continues ' +
        'in a new epoch, the other log stays in the repository, and its backups are recorded from their commits.',
      { details: { uri, repositoryId, epoch, position } },
    );
  }
}

/** The repository that this house knows is not to be seen. */
export class RepositoryGone extends DrError {
  readonly code = 'log_copy.repository_gone';
  constructor(uri: string, repositoryIds: readonly string[]) {
    super(
      `There is no repository in ${uri}, but this house has backed up into one (${repositoryIds.join(', ')}). Is its disk mounted, and is BACKUP_PATH right? ` +
        'Nothing is written there, so that no new repository hides the old one. To begin a new one all the same: dr repo adopt-rollback.',
      { details: { uri, repositoryIds } },
    );
  }
}

/** The repository shows less than has been seen in it. Nothing is written there until somebody who may says so. */
export class RepositoryRolledBack extends DrError {
  readonly code = 'log_copy.rolled_back';
  constructor(uri: string, lacks: readonly string[]) {
    super(
      `The repository in ${uri} shows less than has been seen in it: ${lacks.join('; ')}. It was set back, or another disk is mounted there. It is only read: ` +
        'lists, restores and verifications work, backups do not. Bring the newer state back, or accept this one: dr repo adopt-rollback.',
      { details: { uri, lacks: lacks.slice(0, 100) } },
    );
  }
}

/** The catalog will not serve from this log before something is changed. */
export class LogRefused extends DrError {
  readonly code = 'log_copy.refused';
}
