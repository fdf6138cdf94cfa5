import { type House, InjectHouse, RepositoryAccess } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { recoverBackups } from './recover-backups.ts';

/** Compares storage with the log once per start, beside the work. A store that is away now is compared at the next start. */
@Injectable()
export class RecoverAtStart implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly repository: RepositoryAccess,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.recover();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async recover(): Promise<void> {
    const { house, repository, stopping } = this;
    try {
      const { recorded, found, resumed } = await recoverBackups(house, repository, stopping.signal);
      if (recorded.length > 0) house.log.warn({ backups: recorded }, 'backups were decided in storage; their ends are recorded now');
      if (resumed.length > 0) house.log.warn({ backups: resumed }, 'backups without a job are sealed with what they have');
      if (found.length > 0)
        house.log.warn(
          { backups: found.length, first: found[0] },
          'the repository held backups that the log did not know; they are recorded now',
        );
    } catch (error) {
      if (!stopping.signal.aborted) house.log.error({ err: error }, 'storage and log could not be compared; the next start does it');
    }
  }
}
