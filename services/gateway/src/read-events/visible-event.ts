import type { Grants } from '@dr/auth';
import { allowsScope } from '@dr/domain';
import type { RecordedEvent } from '@dr/event-store';

export interface EventFilter {
  /** '*' = all. */
  readonly tenant: string;
  readonly types: readonly string[] | undefined;
  /** Whether events of API keys and of the house's repository are among them. */
  readonly keys: boolean;
}

export const filterOf = (caller: Grants, tenant: string, types: readonly string[] | undefined): EventFilter => ({
  tenant,
  types,
  keys: allowsScope(caller, 'admin'),
});

export function isVisible({ tenant, types, keys }: EventFilter, event: Pick<RecordedEvent, 'type' | 'stream' | 'meta'>): boolean {
  if (tenant !== '*' && event.meta.tenant !== tenant) return false;
  if (!keys && /^(api_key|repository)-/.test(event.stream)) return false;
  return types === undefined || types.includes(event.type);
}
