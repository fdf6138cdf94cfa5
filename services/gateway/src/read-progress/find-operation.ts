import type { CatalogClient, TenantScope } from '../catalog-client.ts';
import type { KnownOperation } from './progress-of.ts';

interface Operation {
  status: string;
  objects?: number | null;
  bytes?: number | null;
  progress?: { datasets_total: number; datasets_done: number };
  datasets?: { objects?: number | null; bytes?: number | null }[];
}

/** The operation of an id, by the kind that the id begins with. */
export async function findOperation(catalog: CatalogClient, id: string, scope: TenantScope): Promise<KnownOperation | undefined> {
  const kind = (['backup', 'restore', 'verification'] as const).find((k) => id.startsWith(`${k}_`));
  if (kind === undefined) return undefined;
  const found = (await catalog[kind](id, scope)) as Operation | undefined;
  if (!found) return undefined;
  const { status, progress, datasets = [found] } = found;
  return {
    id,
    kind,
    status,
    datasets_total: progress?.datasets_total ?? null,
    datasets_done: progress?.datasets_done ?? null,
    objects: sum(datasets.map((d) => d.objects)),
    bytes: sum(datasets.map((d) => d.bytes)),
  };
}

function sum(counts: readonly (number | null | undefined)[]): number | null {
  const known = counts.filter((count) => typeof count === 'number');
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
}
