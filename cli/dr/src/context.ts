import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackupDesk } from './desk.ts';
import { UsageError } from './errors.ts';
import type { ApiClient } from './gateway/api-client.ts';
import type { OfflineRepository } from './offline/open-repository.ts';
import { Out, type Streams } from './output/out.ts';
import type { Globals } from './verb/globals.ts';
import type { Verb } from './verb/verb.ts';

/** What the process gives; tests give their own. */
export interface Machine extends Streams {
  env: Readonly<Record<string, string | undefined>>;
  /** Working folder, for relative paths. */
  folder: string;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Asks a person and gives the answer; undefined where nobody can answer. */
  ask?: (question: string) => Promise<string | undefined>;
}

/** What a verb works with. Heavy parts are loaded when they are first asked for, so that --help is quick. */
export interface Context {
  readonly out: Out;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  /** --repo was given: there is no gateway. */
  readonly offline: boolean;
  /** All verbs, in the order of --help. */
  verbs(): Promise<readonly Verb[]>;
  /** The gateway or the storage, as --repo says. */
  desk(): Promise<BackupDesk>;
  /** @throws UsageError with --repo; NoCredentials. */
  api(): Promise<ApiClient>;
  /** The repository of --repo, else the one at `uri`, opened for reading. @throws what opening it throws. */
  repository(uri?: string): Promise<OfflineRepository>;
  /** An absolute path from what the user typed. */
  path(typed: string): string;
  close(): Promise<void>;
}

/** Verbs that read all bytes of a backup. */
const NEED_THREADS = ['restore', 'verify'];
const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

/** State of the local house: DR_HOME, else .dr in the checkout this program lies in. */
export function homeOf({ env, folder }: Machine): string {
  return env['DR_HOME'] ? resolve(folder, env['DR_HOME']) : join(CHECKOUT, '.dr');
}

/** `loadVerbs` and not the verbs: they load the context's types. */
export function contextFor(machine: Machine, globals: Globals, verb: string, loadVerbs: () => Promise<readonly Verb[]>): Context {
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(made: T): T => {
    opened.push(made);
    return made;
  };
  let repository: Promise<OfflineRepository> | undefined;
  const context: Context = {
    out: new Out(machine, globals.json),
    machine,
    signal: machine.signal,
    offline: globals.repo !== undefined,
    verbs: loadVerbs,
    path: (typed) => resolve(machine.folder, typed),
    desk: async () => {
      if (globals.repo === undefined) return new (await import('./gateway/gateway-desk.ts')).GatewayDesk(await context.api(), context);
      return new (await import('./offline/repository-desk.ts')).RepositoryDesk(await context.repository(), machine.signal, context.out);
    },
    api: async () => {
      if (globals.repo !== undefined) throw new UsageError(`dr ${verb} needs the gateway, so it cannot be used with --repo.`, verb);
      const { readCredentials } = await import('./gateway/credentials.ts');
      const { ApiClient } = await import('./gateway/api-client.ts');
      return new ApiClient(readCredentials(machine.env, homeOf(machine)), machine.signal);
    },
    repository: (uri) => {
      const repo = globals.repo ?? uri;
      if (repo === undefined) throw new UsageError(`dr ${verb} needs --repo URI here.`, verb);
      repository ??= import('./offline/open-repository.ts').then(async ({ openOffline }) =>
        keep(await openOffline(machine, { ...globals, repo }, homeOf(machine), NEED_THREADS.includes(verb))),
      );
      return repository;
    },
    close: async () => {
      for (const part of opened.splice(0)) await part.close();
    },
  };
  return context;
}
