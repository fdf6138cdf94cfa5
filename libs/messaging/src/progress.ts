import type { Bus } from './bus.ts';
import { BadMessage } from './errors.ts';
import { isToken, subjectOf } from './subjects.ts';
import type { Stop } from './triggers.ts';

const INTERVAL_MS = 500;

interface Held {
  operation: string;
  snapshot: object | undefined;
  timer: NodeJS.Timeout;
}

/** What is told twice a second at most: an operation, or one data set of it. */
const partOf = (operation: string, snapshot: object): string =>
  `${operation} ${String((snapshot as { dataset_id?: unknown }).dataset_id ?? '')}`;

/**
 * The progress of operations, as it is going: not events, lost when nobody listens.
 * The first snapshot goes out at once, later ones at most twice a second, and the last one always.
 */
export class ProgressPublisher {
  private readonly bus: Bus;
  private readonly held = new Map<string, Held>();

  constructor(bus: Bus) {
    this.bus = bus;
    bus.owns(async () => this.flush());
  }

  /**
   * @param operation id of a backup, restore or verification. Snapshots of different data sets (`dataset_id`) do not replace each other.
   * @throws BadMessage when it cannot be part of a subject.
   */
  publish(operation: string, snapshot: object): void {
    if (!isToken(operation)) throw new BadMessage(`'${operation}' is not the id of an operation.`);
    const part = partOf(operation, snapshot);
    const waiting = this.held.get(part);
    if (waiting) waiting.snapshot = snapshot;
    else this.send(part, operation, snapshot);
  }

  /** Sends what is held back, such as the last snapshot of an operation that has ended. */
  flush(): void {
    for (const [part, { operation, snapshot, timer }] of this.held) {
      clearTimeout(timer);
      this.held.delete(part);
      if (snapshot) this.write(operation, snapshot);
    }
  }

  private send(part: string, operation: string, snapshot: object): void {
    this.write(operation, snapshot);
    const timer = setTimeout(() => this.release(part), INTERVAL_MS);
    timer.unref();
    this.held.set(part, { operation, snapshot: undefined, timer });
  }

  private release(part: string): void {
    const { operation, snapshot } = this.held.get(part) ?? {};
    this.held.delete(part);
    if (snapshot && operation !== undefined) this.send(part, operation, snapshot);
  }

  private write(operation: string, snapshot: object): void {
    if (!this.bus.connection.isClosed()) this.bus.connection.publish(subjectOf.progress(operation), JSON.stringify(snapshot));
  }
}

/** Hears the progress of one operation, or of all ('*'). What is not JSON is passed over. */
export function onProgress<T = unknown>(bus: Bus, operation: string, listener: (operation: string, snapshot: T) => void): Stop {
  const subscription = bus.connection.subscribe(subjectOf.progress(operation), {
    callback: (error, message) => {
      if (error) return bus.report('progress', `cannot hear progress: ${error.message}`);
      const snapshot = jsonOf<T>(message.string());
      if (snapshot !== undefined) listener(message.subject.slice('dr.progress.'.length), snapshot);
    },
  });
  return bus.owns(async () => subscription.unsubscribe());
}

function jsonOf<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
