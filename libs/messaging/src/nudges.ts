import type { Bus } from './bus.ts';
import type { Stop } from './triggers.ts';

/** Tells whoever listens that it need not wait for its poll. Nothing is lost when it is lost; never throws. */
export function nudge(bus: Bus, subject: string): void {
  if (!bus.connection.isClosed() && !bus.connection.isDraining()) bus.connection.publish(subject);
}

/**
 * Calls `listener` for nudges: never twice at once, and however many come while it runs, once more afterwards.
 * A listener that fails is logged. The returned Stop resolves when it does not run any more.
 */
export function onNudge(bus: Bus, subject: string, listener: () => unknown): Stop {
  let running: Promise<void> | undefined;
  let again = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await Promise.resolve()
        .then(listener)
        .catch((error: unknown) => bus.log?.warn({ err: error, subject }, 'nudged, but failed'));
    } while (again);
    running = undefined;
  };
  const subscription = bus.connection.subscribe(subject, {
    callback: (error) => {
      if (error) bus.report(subject, `cannot hear nudges: ${error.message}`);
      else if (running) again = true;
      else running = run();
    },
  });
  return bus.owns(async () => {
    subscription.unsubscribe();
    again = false;
    await running;
  });
}

/** Tells whoever listens what it is about. A listener that hears nothing must look for itself after a while. Never throws. */
export function announce(bus: Bus, subject: string, about: readonly string[]): void {
  if (!bus.connection.isClosed() && !bus.connection.isDraining()) bus.connection.publish(subject, JSON.stringify(about));
}

/** Calls `listener` with what each announcement is about. */
export function onAnnounced(bus: Bus, subject: string, listener: (about: readonly string[]) => void): Stop {
  const subscription = bus.connection.subscribe(subject, {
    callback: (error, message) => {
      if (error) return bus.report(subject, `cannot hear announcements: ${error.message}`);
      listener(aboutOf(message.string()));
    },
  });
  return bus.owns(async () => subscription.unsubscribe());
}

function aboutOf(text: string): string[] {
  try {
    const about: unknown = JSON.parse(text);
    return Array.isArray(about) ? about.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
