import * as z from 'zod';
import { cronProblem } from './cron.ts';

export interface SettingOptions {
  /** Environment variable; also the key under which `loadConfig({ flags })` takes a flag's value. */
  readonly env?: string;
  /** Path below the YAML file's `backup:`. */
  readonly yaml?: string;
  /** What a command line calls it, for messages. */
  readonly flag?: string;
  /** What it is for, in a line of docs/configuration.md. */
  readonly about: string;
  /** The default in words, where `fallback` does not say it. */
  readonly standard?: string;
  /** Never shown: not by `effectiveConfig`, not in messages. */
  readonly secret?: boolean;
  /** Turns a value that may carry a secret into what may be shown. */
  readonly shown?: (value: unknown) => unknown;
  /** Checked, but nothing acts on it in this version; what does not happen therefore. Told as a warning whenever it is given. */
  readonly idle?: string;
  /** Nothing acts on it, and going on without would harm: giving it stops the start. What to do instead. */
  readonly refused?: string;
}

/** One value of the configuration: what it may be, where it may be given, and what it is when nobody gives it. */
export interface Setting<T> extends SettingOptions {
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
}

export function setting<T>(schema: z.ZodType<T>, options: SettingOptions & { readonly fallback: T }): Setting<T> {
  return { schema, ...options };
}

/** A setting that may stay unset. */
export function optional<T>(schema: z.ZodType<T>, options: SettingOptions): Setting<T | undefined> {
  return { schema: schema.optional().describe(schema.description ?? ''), fallback: undefined, ...options };
}

export type SettingTree = { readonly [name: string]: Setting<unknown> | SettingTree };

export type ValuesOf<T> = { readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : ValuesOf<T[K]> };

export const isSetting = (node: Setting<unknown> | SettingTree): node is Setting<unknown> => node.schema instanceof z.ZodType;

const BOOLEANS: Record<string, boolean> = { true: true, yes: true, on: true, '1': true, false: false, no: false, off: false, '0': false };

/** Values arrive as text (environment, flags) or as what YAML made of them; these read both. Each describes what would be right. */
export const text = z.coerce.string().min(1).describe('text');

export const path = z.coerce.string().min(1).describe('path');

export const toggle = z
  .preprocess(
    (value) => (typeof value === 'boolean' ? value : BOOLEANS[String(value).toLowerCase()]),
    z.boolean({ error: 'must be true or false' }),
  )
  .describe('true, false');

export const integer = (min: number, max: number) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value),
      z
        .int({ error: `must be a whole number from ${min} to ${max}` })
        .min(min, `must be at least ${min}`)
        .max(max, `must be at most ${max}`),
    )
    .describe(`${min} to ${max}`);

export const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` }).describe(values.join(', '));

export const url = (...schemes: string[]) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1)), {
      error: `must be a URL that begins with ${schemes.map((s) => `${s}://`).join(' or ')}`,
    })
    .describe(`URL (${schemes.join(', ')})`);

/** Five fields of cron, six with seconds, or a name such as @daily. */
export const cron = z
  .string({ error: 'must be a cron expression of five fields in quotes, such as "0 2 * * *"' })
  .check(({ value, issues }) => {
    const problem = cronProblem(value);
    if (problem !== undefined) issues.push({ code: 'custom', input: value, message: problem });
  })
  .describe('cron expression, such as "0 2 * * *"');
