import { ApiProblem } from './errors.ts';

/** CONTRACT section 3. */
export const EXIT = { ok: 0, failed: 1, usage: 2, partial: 3, notFound: 4, refused: 5, interrupted: 130 } as const;

/** The one table from error codes to exit codes. The longest matching prefix wins; what is not here has failed. */
const EXIT_BY_PREFIX: Readonly<Record<string, number>> = {
  'cli.usage': EXIT.usage,
  'cli.interrupted': EXIT.interrupted,
  'cli.not_found': EXIT.notFound,
  'cli.declined': EXIT.refused,
  'store.bad_location': EXIT.usage,
  'store.backend_not_built': EXIT.refused,
  'store.missing': EXIT.notFound,
  'keys.missing': EXIT.notFound,
  'keys.wrong_passphrase': EXIT.refused,
  'keys.passphrase_needed': EXIT.refused,
  'repository.missing': EXIT.notFound,
  'repository.tenant_unknown': EXIT.notFound,
  'repository.backup_unknown': EXIT.notFound,
  'repository.path_unknown': EXIT.notFound,
  'repository.backup_not_committed': EXIT.refused,
  'repository.backup_purged': EXIT.refused,
  'repository.target_not_empty': EXIT.refused,
  'repository.bad_path': EXIT.refused,
  'config.': EXIT.usage,
};

const EXIT_BY_STATUS: Readonly<Record<number, number>> = {
  400: EXIT.usage,
  401: EXIT.refused,
  403: EXIT.refused,
  404: EXIT.notFound,
  409: EXIT.refused,
  422: EXIT.refused,
  501: EXIT.refused,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof ApiProblem) return EXIT_BY_STATUS[error.status] ?? EXIT.failed;
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  if (name === 'AbortError') return EXIT.interrupted;
  if (typeof code !== 'string') return EXIT.failed;
  const matches = Object.keys(EXIT_BY_PREFIX).filter((prefix) => code.startsWith(prefix));
  const longest = matches.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? EXIT.failed : EXIT_BY_PREFIX[longest]!;
}

/** How an operation's end state shows. */
export function exitCodeOfStatus(status: string): number {
  if (status === 'completed' || status === 'passed') return EXIT.ok;
  return status === 'partial' ? EXIT.partial : EXIT.failed;
}
