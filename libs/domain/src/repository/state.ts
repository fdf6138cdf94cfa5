/** Epoch of the log's copy, and how often the log was taken from it or the repository was adopted. */
export interface RepositoryState {
  readonly epoch: number;
  readonly imported: number;
  readonly adoptions: number;
}

export const unchangedRepository: RepositoryState = { epoch: 1, imported: 0, adoptions: 0 };
