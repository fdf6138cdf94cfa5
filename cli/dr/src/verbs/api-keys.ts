import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { moment } from '../output/human.ts';
import { table } from '../output/table.ts';
import type { ApiKey } from '../resources.ts';
import { names, text, time } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

const SCOPES = 'backup:read backup:create backup:delete restore:run verify:run hold:manage policy:manage audit:read admin';

const WHOSE = "Your key is one of all tenants, so say whose the new one is: --tenant-id T, or --tenant-id '*' for all of them.";

export const createKey = verb({
  name: 'api-keys create',
  summary: 'Make an API key; it is shown once',
  about: `The key is all of stdout, so it can go into a file. No key grants more than its creator has. Scopes: ${SCOPES}.`,
  examples: [
    ['dr api-keys create --tenant-id acme --scopes backup:create,backup:read --name nightly > nightly.key', 'for a cron job of one tenant'],
    ['dr api-keys create --scopes backup:read --expires-at 2026-12-31', 'to look only, until a day; of the same tenant as yours'],
  ],
  options: {
    scopes: names('S,S …', 'what it may do (needed)'),
    tenantId: text('T', "the tenant it is bound to, or '*' (default: your key's; needed with a key of all tenants)"),
    name: text('N', 'words to know it by'),
    expiresAt: time('TIME', 'when it ends to work (default: never)'),
  },
  run: async ({ scopes, tenantId, name, expiresAt }, context) => {
    const { UsageError, ApiProblem } = await import('../errors.ts');
    if (scopes === undefined) throw new UsageError(`--scopes is missing: ${SCOPES}.`, 'api-keys create');
    const { postSurely } = await import('../gateway/ask-surely.ts');
    const body = { scopes, tenant_id: tenantId, name, expires_at: expiresAt };
    const key = await postSurely<ApiKey>({ path: '/api-keys', body, what: 'the key' }, context).catch((error: unknown) => {
      throw error instanceof ApiProblem && error.code === 'request.tenant_needed' ? new UsageError(WHOSE, 'api-keys create') : error;
    });
    context.out.say(`Key ${key.key_id} of ${key.tenant_id}: ${key.scopes.join(' ')}. It is shown only now; keep it.`);
    context.out.answer(key, () => key.api_key ?? '');
    return EXIT.ok;
  },
});

export const listKeys = verb({
  name: 'api-keys list',
  summary: 'List API keys by id; the keys themselves are kept nowhere',
  examples: [['dr api-keys list', 'who may do what']],
  run: async (_args, { api, out }) => {
    const { everyPage } = await import('../gateway/pages.ts');
    const keys = await everyPage<ApiKey>(await api(), '/api-keys', 'api_keys', {});
    out.answer({ api_keys: keys }, () => keyTable(keys));
  },
});

export const revokeKey = verb({
  name: 'api-keys revoke <id>',
  summary: 'End an API key at once',
  examples: [['dr api-keys revoke key_0a1b2c3d', 'requests and streams with it end']],
  run: async ({ id }, context) => revoke(id, context),
});

async function revoke(id: string, { api, out }: Context): Promise<number> {
  const revoked = await (await api()).call<ApiKey | undefined>('DELETE', `/api-keys/${encodeURIComponent(id)}`);
  out.answer(revoked ?? { key_id: id, revoked: true }, () => `Key revoked: ${id}`);
  return EXIT.ok;
}

const COLUMNS = [
  { title: 'KEY' },
  { title: 'NAME' },
  { title: 'TENANT' },
  { title: 'STATE' },
  { title: 'EXPIRES (UTC)' },
  { title: 'SCOPES' },
];

function keyTable(keys: readonly ApiKey[]): string {
  const row = (key: ApiKey): string[] => [
    key.key_id,
    key.name ?? '-',
    key.tenant_id,
    key.revoked_at ? 'revoked' : (key.status ?? 'active'),
    moment(key.expires_at),
    key.scopes.join(' '),
  ];
  return table(COLUMNS, keys.map(row));
}
