import { announce, NUDGE } from '@dr/messaging';
import { type House, InjectHouse, ServiceHealth, startProcessor } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BATCH_EVENTS_MAX, projectEvents } from './project-events.ts';

/** Keeps the catalog's read models up to the log. */
@Injectable()
export class KeepViews implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly health: ServiceHealth,
  ) {}

  onApplicationBootstrap(): void {
    this.stop = startProcessor(this.house, this.health, {
      name: 'catalog',
      version: 1,
      batchMax: BATCH_EVENTS_MAX,
      handle: async (tx, events) => {
        await projectEvents(tx, events);
        return () => announce(this.house.bus, NUDGE.view, [...new Set(events.map(({ stream }) => stream))]);
      },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }
}
