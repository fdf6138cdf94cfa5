import { type House, InjectHouse, ServiceHealth, startPlanner } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { planBackup } from './plan-backup.ts';

/** Runs the process manager of backups; of several archivers one does it at a time. */
@Injectable()
export class PlanBackups implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly health: ServiceHealth,
  ) {}

  onApplicationBootstrap(): void {
    const { house, health } = this;
    this.stop = startPlanner(house, health, {
      name: 'plan-backups',
      version: 1,
      plan: (tx, event, isPast) => planBackup(house, tx, event, isPast(event)),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }
}
