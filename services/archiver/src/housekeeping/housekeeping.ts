import { type House, InjectHouse, startHousekeeping } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

/** Runs the housekeeping of the whole database; the archiver does it, since every house has one. */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(@InjectHouse() private readonly house: House) {}

  onApplicationBootstrap(): void {
    this.stop = startHousekeeping(this.house);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }
}
