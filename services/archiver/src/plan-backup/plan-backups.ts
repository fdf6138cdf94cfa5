import type { NewJob } from '@dr/jobs';
import { type House, InjectHouse, nudgeSequencer, ServiceHealth, startProcessor } from '@dr/service';
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
    const { house } = this;
    this.stop = startProcessor(house, this.health, {
      name: 'plan-backups',
      version: 1,
      handle: async (tx, events) => {
        const jobs: NewJob[] = [];
        for (const event of events) jobs.push(...(await planBackup(house, tx, event)));
        return async () => {
          if (jobs.length === 0) return;
          nudgeSequencer(house);
          await house.queue.announce(jobs);
        };
      },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }
}
