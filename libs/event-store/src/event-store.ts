import type { Decider } from '@dr/domain';
import type { DataSource } from 'typeorm';
import { integer, preparedRows, type Queryable, sqlState } from './database.ts';
import { APPEND_EVENTS_MAX, decodeBody, encodeBody } from './encoding.ts';
import { DuplicateEventId, UnstorableEvent, VersionConflict } from './errors.ts';
import { domainCodec, type EventCodec, type EventMeta, type NewEvent, type ReadEvent, type RecordedEvent, upToDate } from './event.ts';

/** The clock (ms since 1970) and the maker of event ids (UUIDv7) come from outside. */
export interface EventStoreOptions {
  now: () => number;
  newEventId: () => string;
  /** Default: the events of `@dr/domain`. */
  codec?: EventCodec;
}

export interface AppendOptions {
  /** Identifies the command for ever: the same id again changes nothing and answers with the first result. */
  commandId: string;
  meta: Omit<EventMeta, 'commandId'>;
  /** Append inside this transaction (READ COMMITTED), for example together with a job's token check. */
  tx?: Queryable;
}

export interface AppendResult {
  /** For a duplicate the stream of the first call, which need not be the one that was asked for now. */
  stream: string;
  version: number;
  /** True when the command was known already and nothing was written. */
  duplicate: boolean;
  /** What was written now, as it is stored; empty for a duplicate. */
  events: RecordedEvent[];
}

export interface DecideOptions extends AppendOptions {
  /** Tries in all when others append meanwhile, default 3. */
  attempts?: number;
}

/** Appends to and reads streams. Nothing here knows of positions: order over all streams is the log's (EventLog). */
export class EventStore {
  private readonly database: DataSource;
  private readonly options: EventStoreOptions;
  private readonly codec: EventCodec;

  constructor(database: DataSource, options: EventStoreOptions) {
    this.database = database;
    this.options = options;
    this.codec = options.codec ?? domainCodec;
  }

  /**
   * Appends all events or none. `expectedVersion` 0 means that the stream must not exist.
   * @throws VersionConflict with the actual version; inside `tx` the transaction is still usable then
   * @throws UnstorableEvent, DuplicateEventId. Lost connections pass through: whether it was written shows when the command is repeated.
   */
  async append(stream: string, expectedVersion: number, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult> {
    if (events.length === 0) return { stream, version: expectedVersion, duplicate: false, events: [] };
    if (events.length > APPEND_EVENTS_MAX)
      throw new UnstorableEvent(stream, `${events.length} events at once, the limit is ${APPEND_EVENTS_MAX}.`);
    const recorded = this.record(stream, expectedVersion, events, options);
    const answer = await this.callAppend(stream, expectedVersion, recorded.map(encodeBody), options);
    const version = integer(answer.at_version);
    if (answer.outcome === 'conflict') throw new VersionConflict(stream, expectedVersion, version);
    const duplicate = answer.outcome === 'duplicate';
    return { stream: answer.at_stream, version, duplicate, events: duplicate ? [] : recorded };
  }

  private record(stream: string, after: number, events: readonly NewEvent[], { commandId, meta }: AppendOptions): RecordedEvent[] {
    const recordedAt = new Date(this.options.now()).toISOString();
    return events.map((event, index) => ({
      eventId: event.eventId ?? this.options.newEventId(),
      stream,
      version: after + 1 + index,
      ...this.codec.encode(event),
      meta: { ...meta, commandId },
      recordedAt,
    }));
  }

  private async callAppend(stream: string, expected: number, bodies: Buffer[], { commandId, tx }: AppendOptions) {
    type Answer = { outcome: 'appended' | 'duplicate' | 'conflict'; at_stream: string; at_version: string };
    try {
      const sql = 'SELECT outcome, at_stream, at_version FROM append_events($1, $2, $3, $4)';
      const [answer] = await preparedRows<Answer>(tx ?? this.database, 'append_events', sql, [stream, expected, bodies, commandId]);
      return answer!;
    } catch (error) {
      if (sqlState(error) === '23505') throw new DuplicateEventId(stream, error);
      throw error;
    }
  }

  /** Events of a stream in order and in today's shape, from `fromVersion` (1) on; empty when there is no such stream. */
  async read(stream: string, { fromVersion = 1, tx }: { fromVersion?: number; tx?: Queryable | undefined } = {}): Promise<ReadEvent[]> {
    const found = await preparedRows<{ body: Buffer }>(tx ?? this.database, 'read_stream', READ_STREAM, [stream, fromVersion]);
    return found.map(({ body }, index) => {
      return upToDate(decodeBody(body, `${stream} version ${fromVersion + index}`), this.codec);
    });
  }

  /** The result of a command that was carried out before, or undefined. */
  async findCommand(commandId: string, tx?: Queryable): Promise<{ stream: string; version: number } | undefined> {
    const sql = 'SELECT stream, version FROM command_dedup WHERE command_id = $1';
    const [found] = await preparedRows<{ stream: string; version: string }>(tx ?? this.database, 'find_command', sql, [commandId]);
    return found && { stream: found.stream, version: integer(found.version) };
  }

  /**
   * Reads the stream, decides, appends; begins again at a version conflict. A command carried out before is not decided again: the
   * answer is its first result and the state as it is now. A decision without events writes nothing and remembers nothing.
   * @throws what the decider throws; VersionConflict after `attempts`
   */
  async decide<State, Command, Event extends NewEvent>(
    stream: string,
    decider: Decider<State, Command, Event>,
    command: Command,
    options: DecideOptions,
  ): Promise<AppendResult & { state: State }> {
    const { attempts = 3 } = options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.decideOnce(stream, decider, command, options);
      } catch (error) {
        if (!(error instanceof VersionConflict) || attempt >= attempts) throw error;
      }
    }
  }

  /** State of an aggregate and the version it has: 0 and `initial` when there is no such stream. */
  async load<State, Event>(
    stream: string,
    { initial, evolve }: Pick<Decider<State, never, Event>, 'initial' | 'evolve'>,
    tx?: Queryable,
  ): Promise<{ state: State; version: number }> {
    const past = (await this.read(stream, { tx })) as unknown as Event[];
    return { state: past.reduce(evolve, initial), version: past.length };
  }

  private async decideOnce<State, Command, Event extends NewEvent>(
    stream: string,
    decider: Decider<State, Command, Event>,
    command: Command,
    options: DecideOptions,
  ): Promise<AppendResult & { state: State }> {
    const done = await this.findCommand(options.commandId, options.tx);
    const { state, version } = await this.load(done?.stream ?? stream, decider, options.tx);
    if (done) return { ...done, duplicate: true, events: [], state };
    const events = decider.decide(state, command);
    const result = await this.append(stream, version, events, options);
    return { ...result, state: result.duplicate ? state : events.reduce(decider.evolve, state) };
  }
}

export const READ_STREAM = 'SELECT e.body FROM events e WHERE e.stream = $1 AND e.version >= $2 ORDER BY e.version';
