import { currentTrace, currentWork, traceparentOf } from '@dr/telemetry';

export interface CommandMeta {
  tenant: string;
  requestId: string;
  actor: string;
  traceparent?: string;
}

/** What an event says of its cause: tenant, actor (a key id or a service), and the request and trace that we are in. */
export function commandMeta(tenant: string, actor: string, requestId = currentWork().requestId ?? 'none'): CommandMeta {
  const trace = currentTrace();
  return { tenant, actor, requestId, ...(trace && { traceparent: traceparentOf(trace) }) };
}
