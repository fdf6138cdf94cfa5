import * as z from 'zod';
import { withoutPassword } from './secrets.ts';
import { cron, integer } from './setting.ts';

/** What stands in the YAML file as lists or mappings of its own. */

const hook = z
  .strictObject({
    command: z.array(z.string()).min(1, 'needs at least the program').optional(),
    url: z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' }).optional(),
    timeout_seconds: integer(1, 86_400).optional(),
    on_error: z.enum(['fail', 'continue'], { error: 'must be fail or continue' }).optional(),
  })
  .refine((h) => (h.command === undefined) !== (h.url === undefined), 'needs either `command` (a list of arguments, no shell) or `url`');

export type Hook = z.infer<typeof hook>;

export const hooks = z
  .array(hook, { error: 'must be a list of hooks' })
  .describe('list of {command: [program, arguments …] or url, timeout_seconds, on_error: fail or continue}');

/** What a hook is, without what may be secret in it: arguments, and all of a URL but its host. */
export function shownHooks(value: unknown): unknown {
  return (value as Hook[]).map(({ command, url, ...rest }) => ({
    ...(command && { command: shownCommand(command) }),
    ...(url && { url: `${new URL(url).origin}/…` }),
    ...rest,
  }));
}

const shownCommand = (command: string[]): (string | undefined)[] =>
  command.length > 1 ? [command[0], `(${command.length - 1} more)`] : command;

/** No two entries of a list have the same name. */
const named = <T extends { name: string }>(list: readonly T[]): boolean => new Set(list.map(({ name }) => name)).size === list.length;

const name = z.string().regex(/^[\w.-]{1,64}$/, 'must be a name of letters, digits, ".", "_" and "-"');

export const replicas = z
  .array(z.strictObject({ name, uri: z.string().min(1), delay_seconds: integer(0, 31_536_000).optional() }), {
    error: 'must be a list of replicas',
  })
  .refine(named, 'names one replica twice')
  .describe('list of {name, uri, delay_seconds}');

export const shownReplicas = (value: unknown): unknown =>
  (value as { uri: string }[]).map((replica) => ({ ...replica, uri: withoutPassword(replica.uri) }));

const timeZone = z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin or UTC');

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const TYPES = ['full', 'incremental', 'differential', 'snapshot'] as const;

export const schedules = z
  .array(
    z.strictObject({
      name,
      cron,
      type: z.enum(TYPES, { error: `must be one of ${TYPES.join(', ')}` }),
      tenant_id: z.string().min(1).optional(),
      dataset_ids: z.array(z.string().min(1)).min(1).optional(),
      time_zone: timeZone.optional(),
    }),
    { error: 'must be a list of schedules' },
  )
  .refine(named, 'names one schedule twice')
  .describe('list of {name, cron, type, tenant_id, dataset_ids, time_zone}');

/** What one file of a backup holds at most. */
const OUTPUT_BYTES_MAX = 2 ** 38;

const systemItem = z
  .strictObject({
    name: name.regex(/^\w/, 'must begin with a letter, a digit or "_"'),
    path: z.string().startsWith('/', 'must be an absolute path').optional(),
    command: z.array(z.string()).min(1, 'needs at least the program').optional(),
    timeout_seconds: integer(1, 86_400).optional(),
    max_bytes: integer(1, OUTPUT_BYTES_MAX).optional(),
    tenants: z.array(z.string().min(1)).min(1, 'names no tenant').optional(),
  })
  .refine(
    (item) => (item.command === undefined) !== (item.path === undefined),
    'needs either `path` or `command` (a list of arguments, no shell)',
  )
  .refine((item) => item.command !== undefined || (item.timeout_seconds ?? item.max_bytes) === undefined, {
    error: '`timeout_seconds` and `max_bytes` go with `command`',
  });

export type SystemItem = z.infer<typeof systemItem>;

export const systemState = z
  .array(systemItem, { error: 'must be a list of named items' })
  .refine(named, 'names one item twice')
  .describe('list of {name, path or command: [program, arguments …], timeout_seconds, max_bytes, tenants}');

/** What an item is, without the arguments of a command, which may be secret. */
export const shownSystemState = (value: unknown): unknown =>
  (value as SystemItem[]).map(({ command, ...rest }) => ({ ...rest, ...(command && { command: shownCommand(command) }) }));

export const verification = z
  .strictObject({
    schedule: cron.optional(),
    level: z.enum(['quick', 'full'], { error: 'must be quick or full' }).optional(),
    sample_percent: z.number({ error: 'must be a number above 0, up to 100' }).gt(0).max(100).optional(),
    test_restore_schedule: cron.optional(),
  })
  .describe('{schedule, level: quick or full, sample_percent, test_restore_schedule}');

export const encryptionKeys = z.record(z.string(), z.unknown(), { error: 'must be a mapping' }).describe('mapping');
