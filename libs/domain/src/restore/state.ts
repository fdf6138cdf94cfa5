import type { HookRun, RestoreEnded, RestoreRequested } from './events.ts';

export type RestoreState = { readonly status: 'absent' } | OpenRestore | EndedRestore;

export type DatasetOutcome =
  | { readonly ok: true; readonly to: string; readonly lacks?: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

interface KnownRestore {
  readonly request: RestoreRequested;
  /** By data set number. */
  readonly results: ReadonlyMap<number, DatasetOutcome>;
  readonly cancelRequestedBy?: string;
  readonly hooks?: readonly HookRun[];
}

export interface OpenRestore extends KnownRestore {
  readonly status: 'pending' | 'running' | 'swapping';
}

export interface EndedRestore extends KnownRestore {
  readonly status: RestoreEnded['outcome'];
  readonly ended: RestoreEnded;
}

export const absentRestore: RestoreState = { status: 'absent' };
