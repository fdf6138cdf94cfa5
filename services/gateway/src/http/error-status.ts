/**
 * The one table from error codes to HTTP status. A code that is not here is a fault of ours: 500, with the request id to find the log line.
 * The longest matching prefix wins, so a family can have a default and a member its own status.
 */
const STATUS_BY_PREFIX: Record<string, number> = {
  'api_key.': 422,
  'api_key.beyond_own_grant': 403,
  'api_key.last_admin': 409,
  'auth.': 401,
  'auth.scope_missing': 403,
  'backup.': 422,
  'backup.unknown_dataset': 404,
  'backup.not_restorable': 409,
  'bus.': 503,
  'bus.busy': 429,
  'catalog.': 503,
  'database.': 503,
  'event_store.version_conflict': 409,
  'jobs.too_many_operations': 429,
  'keys.': 503,
  'log_copy.': 503,
  'log_copy.rolled_back': 409,
  'log_copy.repository_gone': 409,
  'repository.damaged': 500,
  'repository.nothing_to_adopt': 409,
  'repository.format_too_new': 503,
  'repository.missing': 503,
  'repository.path_unknown': 404,
  'request.': 400,
  'restore.': 422,
  'restore.no_space': 409,
  'restore.target_': 409,
  'restore.target_is_no_folder': 422,
  'source.': 503,
  'store.': 503,
  'wrong_state.': 409,
};

/** The table wins over the status that an error carries from elsewhere: what a caller should do follows from the code alone. */
export function statusOf(code: string, carried?: number): number {
  const matches = Object.keys(STATUS_BY_PREFIX).filter((prefix) => code.startsWith(prefix));
  const longest = matches.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? (carried ?? 500) : STATUS_BY_PREFIX[longest]!;
}
