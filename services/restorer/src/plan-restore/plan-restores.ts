import { type House, InjectHouse, ServiceHealth, startPlanner } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { planRestore } from './plan-restore.ts';

/** Runs the process manager of restores and verifications; of several restorers one does it at a time. */
@Injectable()
export class PlanRestores implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly health: ServiceHealth,
  ) {}

  onApplicationBootstrap(): void {
    const { house, health } = this;
    const { store, queue, config } = house;
    const planner = { store, queue, hasHooks: config.backup.hooks.afterRestore.length > 0 };
    this.stop = startPlanner(house, health, {
      name: 'plan-restores',
      version: 1,
      plan: (tx, event, isPast) => planRestore(planner, tx, event, isPast(event)),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }
}
