import type { Context } from '../context.ts';
import type { Option, Options } from './option.ts';

/** Names of what stands behind a verb: 'contents <id> [path]' has `id`, and `path` which may be missing. */
type Positionals<Name extends string> = Name extends `${infer Head} ${infer Rest}`
  ? Positional<Head> & Positionals<Rest>
  : Positional<Name>;

type Positional<Part extends string> = Part extends `<${infer N}>`
  ? { [K in N]: string }
  : Part extends `[${infer N}]`
    ? { [K in N]?: string }
    : unknown;

type Values<O extends Options> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** A command line as somebody would type it, and what it does. */
export type Example = readonly [line: string, does: string];

interface Declaration<Name extends string, O extends Options> {
  /** The verb, of one word or two, and what follows it: 'contents <id> [path]', 'api-keys create'. */
  name: Name;
  summary: string;
  /** More for its own --help; lines are kept. */
  about?: string;
  examples: readonly Example[];
  options?: O;
  /** Also works with --repo URI, without any service. */
  offline?: boolean;
  /** @returns the exit code; nothing = 0. */
  run(args: Positionals<Name> & Values<O>, context: Context): Promise<number | undefined> | Promise<void>;
}

/** A verb as the parser and the help see it: its arguments' types are gone. */
export interface Verb {
  /** 'list', 'api-keys create'. */
  readonly words: string;
  readonly positionals: readonly { name: string; required: boolean }[];
  readonly usage: string;
  readonly summary: string;
  readonly about?: string;
  readonly examples: readonly Example[];
  readonly options: Options;
  readonly offline: boolean;
  run(args: Record<string, unknown>, context: Context): Promise<number | undefined> | Promise<void>;
}

/** Declares a verb. */
export function verb<const Name extends string, O extends Options = Record<never, never>>(declaration: Declaration<Name, O>): Verb {
  const parts = declaration.name.split(' ');
  const isPlace = (part: string): boolean => /^[<[]/.test(part);
  return {
    words: parts.filter((part) => !isPlace(part)).join(' '),
    positionals: parts.filter(isPlace).map((part) => ({ name: part.slice(1, -1), required: part.startsWith('<') })),
    usage: declaration.name,
    summary: declaration.summary,
    about: declaration.about,
    examples: declaration.examples,
    options: declaration.options ?? {},
    offline: declaration.offline ?? false,
    run: (args, context) => declaration.run(args as Positionals<Name> & Values<O>, context),
  };
}
