import type { ApiClient, ApiRequest } from './api-client.ts';

/** All items of a list that comes in pages, up to `limit`. */
export async function everyPage<T>(
  api: ApiClient,
  path: string,
  member: string,
  query: ApiRequest['query'],
  { limit = Number.POSITIVE_INFINITY, pageMax = 1000 } = {},
): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | undefined; found.length < limit; ) {
    const page = await api.get<Record<string, unknown>>(path, { limit: Math.min(pageMax, limit - found.length), ...query, cursor });
    const items = (page[member] ?? []) as T[];
    found.push(...items);
    const next = page['next_cursor'];
    if (typeof next !== 'string' || items.length === 0) break;
    cursor = next;
  }
  return found;
}
