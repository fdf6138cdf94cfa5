import type { Decider } from '../decider.ts';

interface When<Command, Event> {
  when(command: Command): Then<Event>;
}

interface Then<Event> {
  /** Exactly these events, in this order; none = the command was done already. */
  then(...events: Event[]): void;
  /** The command is refused with this error code. */
  thenThrows(code: string): void;
}

/** Specs that read like the rule: `given(past…).when(command).then(events…)`. */
export function specFor<State, Command, Event>(decider: Decider<State, Command, Event>) {
  const stateAfter = (events: readonly Event[]): State => events.reduce(decider.evolve, decider.initial);
  const given = (...past: Event[]): When<Command, Event> => ({
    when: (command) => ({
      // biome-ignore lint/suspicious/noThenProperty: the words are given, when, then; a spec that forgets `then` fails when Jest awaits it
      then: (...events) => expect(decider.decide(stateAfter(past), command)).toEqual(events),
      thenThrows: (code) => expect(codeThrownBy(() => decider.decide(stateAfter(past), command))).toBe(code),
    }),
  });
  return { given, stateAfter: (...events: Event[]): State => stateAfter(events) };
}

/** The code of the error that `act` throws; fails the test when it throws none. */
export function codeThrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  throw new Error('Nothing was thrown.');
}
