import { isIP } from 'node:net';
import type { ConfigProblem } from './errors.ts';
import type { Given } from './layers.ts';
import { isWithin, realPathOf } from './paths.ts';

const NAMES: Record<string, string> = { s3: 'Amazon S3', gcs: 'Google Cloud Storage', azure: 'Azure Blob Storage' };

/** A backend that nothing implements yet must stop the start, not turn into local storage. */
export function backendBuilt(storage: string, where: Given | undefined): ConfigProblem[] {
  if (storage === 'local') return [];
  const message = `the backend ${storage} (${NAMES[storage]}) is not built in this version. Use \`local\`, with BACKUP_PATH on a disk of its own`;
  return [{ key: where?.key ?? 'BACKUP_STORAGE', message }];
}

/** A repository inside the source root would back itself up; one around it would be in reach of every writer of data sets. */
export function repositoryApart(repository: string, sourceRoot: string, key: string, realPath: (path: string) => string): ConfigProblem[] {
  const [inner, outer] = [realPathOf(repository, realPath), realPathOf(sourceRoot, realPath)];
  if (!isWithin(inner, outer) && !isWithin(outer, inner)) return [];
  const relation = inner === outer ? 'is' : isWithin(inner, outer) ? 'lies inside' : 'lies around';
  const message = `${repository} ${relation} the source root ${sourceRoot} (DEEPLAKE_STORAGE_LOCATION). Put the repository elsewhere, best on another disk`;
  return [{ key, message }];
}

/** API keys travel in clear without TLS, so beyond this machine it takes a deliberate word. */
export function hostAllowed(host: string, insecureHttp: boolean): ConfigProblem[] {
  if (insecureHttp || isLoopback(host)) return [];
  const message = `${host} can be reached from other machines, and API keys would travel in clear. Keep 127.0.0.1 behind a TLS proxy, or set DR_INSECURE_HTTP=1`;
  return [{ key: 'DR_HOST', message }];
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
