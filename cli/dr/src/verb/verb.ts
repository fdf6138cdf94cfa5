import type { Context } from '../context.ts';
import type { Option, Options } from './option.ts';

type Words<S extends string> = S extends `${infer First} ${infer Rest}` ? First | Words<Rest> : S;

/** 'restore <id> [path]' gives {id: string; path?: string}. */
type Positionals<Name extends string> = { [W in Words<Name> as W extends `<${infer P}>` ? P : never]: string } & {
  [W in Words<Name> as W extends `[${infer P}]` ? P : never]?: string;
};

type Values<O extends Options> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface Declaration<Name extends string, O extends Options> {
  /** The verb and what follows it: 'contents <id> [path]'. */
  name: Name;
  summary: string;
  /** More for its own --help; lines are kept. */
  about?: string;
  options?: O;
  /** Also works with --repo URI, without any service. */
  offline?: boolean;
  /** @returns the exit code; nothing = 0. */
  run(args: Positionals<Name> & Values<O>, context: Context): Promise<number | undefined> | Promise<void>;
}

/** A verb as the parser and the help see it: its arguments' types are gone. */
export interface Verb {
  readonly word: string;
  readonly positionals: readonly { name: string; required: boolean }[];
  readonly usage: string;
  readonly summary: string;
  readonly about?: string;
  readonly options: Options;
  readonly offline: boolean;
  run(args: Record<string, unknown>, context: Context): Promise<number | undefined> | Promise<void>;
}

/** Declares a verb. */
export function verb<const Name extends string, O extends Options = Record<never, never>>(declaration: Declaration<Name, O>): Verb {
  const [word, ...rest] = declaration.name.split(' ');
  return {
    word: word!,
    positionals: rest.map((part) => ({ name: part.slice(1, -1), required: part.startsWith('<') })),
    usage: declaration.name,
    summary: declaration.summary,
    about: declaration.about,
    options: declaration.options ?? {},
    offline: declaration.offline ?? false,
    run: (args, context) => declaration.run(args as Positionals<Name> & Values<O>, context),
  };
}
