import { Refused } from './errors.ts';

/** An aggregate's kind is the part of its stream's name before the first '-'. */
export const AGGREGATES = ['backup', 'capture', 'restore', 'verification', 'api_key', 'repository'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** Names of streams, and nothing else makes them. Ids may hold any of [A-Za-z0-9_-]. */
export const streamOf = {
  backup: (backupId: string): string => `backup-${backupId}`,
  capture: (backupId: string, n: number): string => `capture-${backupId}-${n}`,
  restore: (restoreId: string): string => `restore-${restoreId}`,
  verification: (verificationId: string): string => `verification-${verificationId}`,
  repository: (repositoryId: string): string => `repository-${repositoryId}`,
  apiKey: (keyId: string): string => `api_key-${keyId}`,
};

/** The parts of a stream's name; `n` for a capture only. @throws Refused 'stream.bad_name'. */
export function parseStream(stream: string): { aggregate: Aggregate; id: string; n?: number } {
  const match = /^([a-z_]+)-([A-Za-z0-9_-]+)$/.exec(stream);
  const [, aggregate, id] = match ?? [];
  if (id === undefined || !AGGREGATES.includes(aggregate as Aggregate)) throw badName(stream);
  if (aggregate !== 'capture') return { aggregate: aggregate as Aggregate, id };
  const [, backupId, n] = /^(.+)-([1-9]\d*)$/.exec(id) ?? [];
  if (backupId === undefined) throw badName(stream);
  return { aggregate, id: backupId, n: Number(n) };
}

const badName = (stream: string): Refused =>
  new Refused('stream.bad_name', `'${stream}' is not the name of a stream: <aggregate>-<id> is wanted.`);
