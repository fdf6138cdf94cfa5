import type { Context } from '../context.ts';
import { Interrupted } from '../errors.ts';
import type { ApiClient, ApiReply, ApiRequest } from './api-client.ts';

export interface Check {
  name: string;
  outcome: 'ok' | 'failed' | 'skipped';
  /** Absent where nothing of its own was timed. */
  ms: number | undefined;
  detail: string;
}

type Probe = (api: ApiClient, context: Context) => Promise<Check[]>;

/** Backups, restores and events carry times: clocks that differ by more would make --as-of and ages wrong. */
const CLOCK_MS_MAX = 10_000;

/** Asks every part of the house, one after the other; a part that fails is a failed check, and the others are asked all the same. @throws NoCredentials, Interrupted. */
export async function probeAll(context: Context): Promise<Check[]> {
  const api = await context.api();
  const checks: Check[] = [];
  for (const probe of [gatewayAndClock, services, keyAndCatalog, storage]) {
    context.out.progress(`${checks.length} checks done …`);
    checks.push(...(await probe(api, context)));
  }
  return checks;
}

interface Asked {
  check: Check;
  reply: ApiReply | undefined;
}

/** Asks once and judges the answer; an error is a failed check. */
async function asked(
  name: string,
  { api, now }: { api: ApiClient; now: () => number },
  [method, path, request]: [string, string, ApiRequest?],
): Promise<Asked> {
  const started = now();
  try {
    const reply = await api.send(method, path, request);
    const good = reply.status >= 200 && reply.status < 300;
    const detail = good ? '' : `status ${reply.status} ${detailOf(reply.body)}`.trim();
    return { check: { name, outcome: good ? 'ok' : 'failed', ms: now() - started, detail }, reply };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return { check: { name, outcome: 'failed', ms: now() - started, detail: (error as Error).message }, reply: undefined };
  }
}

function detailOf(body: unknown): string {
  const { detail, title } = Object(body) as { detail?: unknown; title?: unknown };
  return String(detail ?? title ?? '');
}

const gatewayAndClock: Probe = async (api, { machine: { now } }) => {
  const before = now();
  const { check, reply } = await asked('gateway', { api, now }, ['GET', '/health/live']);
  return [check, clockCheck(reply?.headers.get('date') ?? null, (before + now()) / 2)];
};

/** HTTP tells whole seconds: what looks like less than one apart is none. */
function clockCheck(date: string | null, here: number): Check {
  const there = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(there)) return { name: 'clock', outcome: 'skipped', ms: undefined, detail: 'the gateway told no time' };
  const apart = Math.max(0, there > here ? there - here : here - there - 1000);
  const detail =
    apart < 1000 ? 'no difference to the gateway' : `${(apart / 1000).toFixed(1)} s ${there > here ? 'behind' : 'ahead of'} the gateway`;
  return { name: 'clock', outcome: apart > CLOCK_MS_MAX ? 'failed' : 'ok', ms: undefined, detail };
}

interface Readiness {
  services?: { service: string; ok: boolean; problems?: string[] }[];
}

/** Each service by its own word; database and bus are well when none of them complains. */
const services: Probe = async (api, { machine: { now } }) => {
  const { check, reply } = await asked('services', { api, now }, ['GET', '/health/ready']);
  const told = (Object(reply?.body) as Readiness).services ?? [];
  if (told.length === 0) return [check];
  const problems = told.flatMap((service) => service.problems ?? []);
  const shared = ['database', 'bus'].map((part) => {
    const own = [...new Set(problems.filter((problem) => problem.startsWith(`${part}:`)))];
    return { name: part, outcome: own.length > 0 ? 'failed' : 'ok', ms: undefined, detail: own.join('; ') } as const;
  });
  const each = told.map(({ service, ok, problems: own = [] }) => {
    return { name: `service ${service}`, outcome: ok ? 'ok' : 'failed', ms: undefined, detail: own.join('; ') } as const;
  });
  return [...shared, ...each, check];
};

/** The views are asked for something small, so one answer tells of the key and of the catalog. */
const keyAndCatalog: Probe = async (api, { machine: { now } }) => {
  const { check, reply } = await asked('catalog', { api, now }, ['GET', '/api/v1/backups', { query: { limit: 1 } }]);
  const refused = reply?.status === 401 || reply?.status === 403;
  const key: Check = {
    name: 'API key',
    outcome: refused ? 'failed' : reply === undefined ? 'skipped' : 'ok',
    ms: undefined,
    detail: refused ? check.detail : '',
  };
  return [key, refused ? { ...check, outcome: 'skipped', detail: 'the key may not ask' } : check];
};

interface StorageTest {
  backends?: { name: string; steps: TestedPart[] }[];
  /** What else was tried beside the backends: the passphrase, the source root, the log. */
  parts?: TestedPart[];
}

interface TestedPart {
  step?: string;
  name?: string;
  ok: boolean;
  milliseconds: number;
  detail?: string;
  error?: string;
}

/** Needs an admin key. */
const storage: Probe = async (api, { machine: { now } }) => {
  const { check, reply } = await asked('storage', { api, now }, ['POST', '/api/v1/test-backup', { body: {} }]);
  if (reply?.status === 403)
    return [{ ...check, outcome: 'skipped', detail: 'repository, passphrase, source root and log: only an admin key may test them' }];
  const { backends = [], parts = [] } = Object(reply?.body) as StorageTest;
  const steps = backends.flatMap(({ name, steps: done }) => done.map((step) => checkOf(`${name}: ${step.step}`, step)));
  if (check.outcome === 'failed' || steps.length === 0) return [check];
  return [...steps, ...parts.map((part) => checkOf(part.name ?? 'part', part))];
};

const checkOf = (name: string, { ok, milliseconds, detail, error }: TestedPart): Check => ({
  name,
  outcome: ok ? 'ok' : 'failed',
  ms: milliseconds,
  detail: error ?? detail ?? '',
});
