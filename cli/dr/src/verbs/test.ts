import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { ApiClient } from '../gateway/api-client.ts';
import { table } from '../output/table.ts';
import { verb } from '../verb/verb.ts';

interface Check {
  name: string;
  outcome: 'ok' | 'failed' | 'skipped';
  /** Absent where only the gateway took the time. */
  ms: number | undefined;
  detail: string;
}

export const test = verb({
  name: 'test',
  summary: 'Probe the whole system, and tell each check and its time',
  examples: [['dr test', 'is everything there that a backup needs?']],
  about: 'Exit code 1 when any check fails.',
  run: async (_args, context) => {
    const api = await context.api();
    const checks: Check[] = [];
    for (const probe of [live, ready, authorised, storage]) checks.push(...(await probe(api, context)));
    context.out.answer({ ok: passed(checks), checks }, () => checksTable(checks));
    return passed(checks) ? EXIT.ok : EXIT.failed;
  },
});

const passed = (checks: readonly Check[]): boolean => checks.every(({ outcome }) => outcome !== 'failed');

function checksTable(checks: readonly Check[]): string {
  const columns = [{ title: 'CHECK' }, { title: 'RESULT' }, { title: 'MS', right: true }, { title: '' }];
  return table(
    columns,
    checks.map(({ name, outcome, ms, detail }) => [name, outcome, ms === undefined ? '' : String(Math.round(ms)), detail]),
  );
}

type Probe = (api: ApiClient, context: Context) => Promise<Check[]>;

/** Asks once and judges the answer; an error is a failed check. */
async function asked(
  name: string,
  { now }: Context['machine'],
  ask: () => Promise<{ status: number; body: unknown }>,
): Promise<{ check: Check; body: unknown }> {
  const started = now();
  try {
    const { status, body } = await ask();
    const outcome = status >= 200 && status < 300 ? 'ok' : 'failed';
    const detail = outcome === 'ok' ? '' : `status ${status} ${detailOf(body)}`.trim();
    return { check: { name, outcome, ms: now() - started, detail }, body };
  } catch (error) {
    return { check: { name, outcome: 'failed', ms: now() - started, detail: (error as Error).message }, body: undefined };
  }
}

function detailOf(body: unknown): string {
  const { detail, title } = Object(body) as { detail?: unknown; title?: unknown };
  return String(detail ?? title ?? '');
}

const live: Probe = async (api, { machine }) => [(await asked('gateway answers', machine, () => api.send('GET', '/health/live'))).check];

/** The gateway's own checks of its parts are shown one by one. */
const ready: Probe = async (api, { machine }) => {
  const { check, body } = await asked('all parts are ready', machine, () => api.send('GET', '/health/ready'));
  return [...partsOf(body), check];
};

/** {services: [{service, ok, problems}]}: one line each. */
function partsOf(body: unknown): Check[] {
  const { services } = Object(body) as { services?: { service: string; ok: boolean; problems?: string[] }[] };
  return (services ?? []).map(({ service, ok, problems }) => ({
    name: service,
    outcome: ok ? 'ok' : 'failed',
    ms: undefined,
    detail: (problems ?? []).join('; '),
  }));
}

const authorised: Probe = async (api, { machine }) => [
  (await asked('the API key is accepted', machine, () => api.send('GET', '/api/v1/backups', { query: { limit: 1 } }))).check,
];

/** Needs an admin key, and a gateway that has it. */
const storage: Probe = async (api, { machine }) => {
  const { check } = await asked('storage: write, read back, delete', machine, () => api.send('POST', '/api/v1/test-backup', { body: {} }));
  const cannot = /^status (403|404|501) /.test(`${check.detail} `);
  return [cannot ? { ...check, outcome: 'skipped' } : check];
};
