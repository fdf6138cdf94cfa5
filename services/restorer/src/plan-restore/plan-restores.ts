import type { NewJob } from '@dr/jobs';
import { type House, InjectHouse, nudgeSequencer, ServiceHealth, startProcessor } from '@dr/service';
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
    const { house } = this;
    this.stop = startProcessor(house, this.health, {
      name: 'plan-restores',
      version: 1,
      handle: async (tx, events) => {
        const jobs: NewJob[] = [];
        for (const event of events) jobs.push(...(await planRestore(house, tx, event)));
        return async () => {
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
