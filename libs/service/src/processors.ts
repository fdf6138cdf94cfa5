import { type HandleEvents, Processor } from '@dr/event-store';
import { NUDGE, onNudge } from '@dr/messaging';
import type { ServiceHealth } from './health.ts';
import type { House } from './house.ts';

export interface ProcessorSetting {
  name: string;
  /** Raise it when logic or tables change; see Processor. */
  version: number;
  handle: HandleEvents;
  /** Events per transaction at most; see Processor. */
  batchMax?: number;
}

/** A processor of the log that is nudged by the bus, watched by the service's health, and ended by the function returned. */
export function startProcessor(house: House, health: ServiceHealth, setting: ProcessorSetting): () => Promise<void> {
  const { database, locks, log, bus } = house;
  const onError = (error: unknown) => log.error({ err: error, processor: setting.name }, 'processing the log failed');
  const processor = new Processor({ database, locks, onError, ...setting });
  health.register(`processor ${setting.name}`, () => troubleOf(processor));
  const stopNudges = onNudge(bus, NUDGE.log, () => processor.nudge());
  processor.start();
  return async () => {
    await stopNudges();
    await processor.stop();
  };
}

function troubleOf({ state }: Processor): string | undefined {
  if (state.status === 'poisoned') return `stopped before the event at position ${state.poisonedAt}: ${String(state.error)}`;
  if (state.status === 'failing') return `failing at position ${state.position}: ${String(state.error)}`;
  return undefined;
}
