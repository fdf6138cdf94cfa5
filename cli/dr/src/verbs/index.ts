import type { Verb } from '../verb/verb.ts';

/** Every verb by its words, in the order of --help. A new one is a file and a line. Only the one that is asked for is loaded. */
export const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  create: async () => (await import('./create.ts')).create,
  list: async () => (await import('./list.ts')).list,
  status: async () => (await import('./status.ts')).status,
  show: async () => (await import('./show.ts')).show,
  contents: async () => (await import('./contents.ts')).contents,
  diff: async () => (await import('./diff.ts')).diff,
  restore: async () => (await import('./restore.ts')).restore,
  verify: async () => (await import('./verify.ts')).verify,
  promote: async () => (await import('./promote.ts')).promote,
  cancel: async () => (await import('./cancel.ts')).cancel,
  delete: async () => (await import('./delete.ts')).deleteBackup,
  undelete: async () => (await import('./undelete.ts')).undelete,
  datasets: async () => (await import('./datasets.ts')).datasets,
  stats: async () => (await import('./stats.ts')).stats,
  events: async () => (await import('./events.ts')).events,
  export: async () => (await import('./export.ts')).exportInventory,
  test: async () => (await import('./test.ts')).test,
  'config show': async () => (await import('./config-show.ts')).configShow,
  'api-keys create': async () => (await import('./api-keys.ts')).createKey,
  'api-keys list': async () => (await import('./api-keys.ts')).listKeys,
  'api-keys revoke': async () => (await import('./api-keys.ts')).revokeKey,
  'subscribers create': async () => (await import('./subscribers.ts')).createSubscriber,
  'subscribers list': async () => (await import('./subscribers.ts')).listSubscribers,
  'subscribers revoke': async () => (await import('./subscribers.ts')).revokeSubscriber,
  'catalog rebuild': async () => (await import('./catalog-rebuild.ts')).catalogRebuild,
  'repo adopt-rollback': async () => (await import('./repo-adopt-rollback.ts')).adoptRollback,
  completion: async () => (await import('./completion.ts')).completion,
};

/** Verbs that a later version has: what it says of each until then. Nothing is done, and the exit code is 1. */
export const notBuilt: Readonly<Record<string, string>> = {
  cleanup: 'No backup is removed by age in this version, so nothing was removed. Remove one with: dr delete ID',
  'test-restore': 'Restore beside the original with: dr restore ID --target-tenant OTHER; read every stored byte with: dr verify ID',
  drill: 'Restore beside the original with: dr restore latest --target-tenant OTHER',
  hold: 'No backup is removed by age in this version; a backup goes away only by: dr delete ID',
  release: 'There are no holds in this version',
  audit: 'Every operation is in the log; see it with: dr events',
  keys: 'A repository has one passphrase, from BACKUP_PASSPHRASE_FILE',
  schedule: 'Run dr create from cron meanwhile',
  policy: 'No backup is removed by age in this version',
};
