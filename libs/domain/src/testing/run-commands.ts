import type { Decider } from '../decider.ts';
import { DomainError } from '../errors.ts';
import type { DomainEvent } from '../log/event-types.ts';

/** What became of a sequence of commands: those refused with a DomainError changed nothing. */
export interface Run<State, Event> {
  readonly state: State;
  readonly events: readonly Event[];
  /** After each command. */
  readonly states: readonly State[];
}

/** Carries out commands as a service does; `onAccepted` sees each accepted command. Any error but a DomainError passes through. */
export function runCommands<State, Command, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
  commands: readonly Command[],
  onAccepted: (command: Command, after: State) => void = () => undefined,
): Run<State, Event> {
  const events: Event[] = [];
  const states: State[] = [decider.initial];
  for (const command of commands) {
    const before = states.at(-1)!;
    const decided = decideOrNothing(decider, before, command);
    const after = (decided ?? []).reduce(decider.evolve, before);
    events.push(...(decided ?? []));
    states.push(after);
    if (decided) onAccepted(command, after);
  }
  return { state: states.at(-1)!, events, states };
}

function decideOrNothing<State, Command, Event>(decider: Decider<State, Command, Event>, state: State, command: Command) {
  try {
    return decider.decide(state, command);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}
