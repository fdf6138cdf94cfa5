import { NUDGE, onAnnounced, type Stop } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

/** How long a view may lag behind an append before the caller is told so. */
const VIEW_WAIT_MS = 10_000;
/** When the catalog's word was lost. Growing, so that those who wait do not hold up what they wait for. */
const LOOK_AGAIN_MS = [50, 100, 200, 400, 800];

/** Reads what was appended a moment ago: who asked for a thing finds it, at once when the catalog says that it has it. */
@Injectable()
export class Views implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly waiting = new Map<string, Set<() => void>>();
  private stop: Stop | undefined;

  constructor(@InjectHouse() private readonly house: House) {}

  onApplicationBootstrap(): void {
    this.stop = onAnnounced(this.house.bus, NUDGE.view, (streams) => {
      for (const stream of streams) for (const wake of this.waiting.get(stream) ?? []) wake();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  /** @returns undefined when the catalog does not show it in time: `read` has to say what it is that should be seen of the stream. */
  async untilSeen<T>(stream: string, read: () => Promise<T | undefined>): Promise<T | undefined> {
    const until = this.house.now() + VIEW_WAIT_MS;
    for (let tries = 0; ; tries++) {
      await this.changed(stream, LOOK_AGAIN_MS[tries] ?? LOOK_AGAIN_MS.at(-1)!);
      const found = await read().catch(unlessBusy);
      if (found !== undefined || this.house.now() > until) return found;
    }
  }

  /** Until the catalog says that it shows something new of the stream, `msMax` at most. */
  changed(stream: string, msMax: number): Promise<void> {
    const here = this.waiting.get(stream) ?? new Set();
    this.waiting.set(stream, here);
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        here.delete(end);
        if (here.size === 0 && this.waiting.get(stream) === here) this.waiting.delete(stream);
        resolve();
      };
      const timer = setTimeout(end, msMax);
      here.add(end);
    });
  }
}

/** The write is done: that the catalog has much to do must not be told as "nothing was done". */
function unlessBusy(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'bus.busy') throw error;
  return undefined;
}
