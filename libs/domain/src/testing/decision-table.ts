import type { Decider } from '../decider.ts';
import { DomainError } from '../errors.ts';

/** For each named state and command what comes of it: types of events, '-' for nothing, or the error's code without its prefix. */
export function decisionTable<S, C, E extends { readonly type: string }>(
  decider: Decider<S, C, E>,
  pasts: Record<string, readonly E[]>,
  commands: Record<string, C>,
): Record<string, Record<string, string>> {
  const row = (past: readonly E[]) => {
    const state = past.reduce(decider.evolve, decider.initial);
    return mapValues(commands, (command) => answer(() => decider.decide(state, command)));
  };
  return mapValues(pasts, row);
}

const mapValues = <A, B>(record: Record<string, A>, to: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));

function answer(decide: () => readonly { readonly type: string }[]): string {
  try {
    return (
      decide()
        .map(({ type }) => type)
        .join(' ') || '-'
    );
  } catch (error) {
    if (error instanceof DomainError) return error.code.replace(/^wrong_state\.[a-z]+_/, '! ').replace(/^[a-z]+\./, '!! ');
    throw error;
  }
}
