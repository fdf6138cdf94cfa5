/**
 * An aggregate as two pure functions. `decide` holds every rule: it returns the events a command causes in a state (none when it has been
 * done already) or throws WrongState or Refused. `evolve` holds no rule and never throws. No clock, no randomness, no I/O:
 * times and ids come in with the command.
 */
export interface Decider<State, Command, Event> {
  readonly initial: State;
  decide(state: State, command: Command): readonly Event[];
  evolve(state: State, event: Event): State;
}
