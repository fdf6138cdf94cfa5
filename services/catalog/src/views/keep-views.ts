import type { LoggedEvent, Queryable } from '@dr/event-store';
import { announce, NUDGE } from '@dr/messaging';
import { type House, InjectHouse, ServiceHealth, startProcessor } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { projectApiKey } from '../api-keys/api-keys.projection.ts';
import { projectBackup } from '../backups/backups.projection.ts';
import { projectRestore } from '../restores/restores.projection.ts';
import { projectVerification } from '../verifications/verifications.ts';

/** One row or a few per event, in the transaction that moves the checkpoint. */
export async function projectEvent(tx: Queryable, event: LoggedEvent): Promise<void> {
  await projectBackup(tx, event);
  await projectRestore(tx, event);
  await projectVerification(tx, event);
  await projectApiKey(tx, event);
}

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
      handle: async (tx, events) => {
        for (const event of events) await projectEvent(tx, event);
        return () => announce(this.house.bus, NUDGE.view, [...new Set(events.map(({ stream }) => stream))]);
      },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }
}
