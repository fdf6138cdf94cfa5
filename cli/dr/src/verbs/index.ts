import type { Verb } from '../verb/verb.ts';

/** Every verb, in the order of --help. A new one is a file and a line. Only the one that is asked for is loaded. */
export const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  create: async () => (await import('./create.ts')).create,
  list: async () => (await import('./list.ts')).list,
  status: async () => (await import('./status.ts')).status,
  show: async () => (await import('./show.ts')).show,
  contents: async () => (await import('./contents.ts')).contents,
  restore: async () => (await import('./restore.ts')).restore,
  verify: async () => (await import('./verify.ts')).verify,
  test: async () => (await import('./test.ts')).test,
};
