import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreDecider, streamOf } from '@dr/domain';
import { clearLeftover, type LeftOf, leftoversIn } from '@dr/restore';
import { type House, InjectHouse } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

const EVERY_MS = 3_600_000;

/**
 * Clears away what restores that have ended left beside their targets, now and every hour: a disk that was away, a folder that could not be removed,
 * a machine that lost power. What this log does not know, and what restores are at, is left alone.
 */
@Injectable()
export class SweepLeftovers implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();

  constructor(@InjectHouse() private readonly house: House) {}

  onApplicationBootstrap(): void {
    const next = () => {
      this.round = this.round.then(() => this.sweep()).catch((error: unknown) => this.failed(error));
    };
    this.timer = setInterval(next, EVERY_MS);
    next();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.round;
  }

  async sweep(): Promise<void> {
    const { root } = this.house.config.deeplake;
    for (const folder of [root, ...(await tenantsIn(root))]) {
      for (const left of await leftoversIn(folder)) {
        if (this.stopping.signal.aborted) return;
        await this.clear(folder, left).catch((error: unknown) => this.failed(error, left));
      }
    }
  }

  private async clear(folder: string, { restoreId, n }: LeftOf): Promise<void> {
    const { state } = await this.house.store.load(streamOf.restore(restoreId), restoreDecider);
    const dataset = 'ended' in state ? state.request.datasets.find((one) => one.n === n) : undefined;
    if (!('ended' in state) || !dataset) return;
    const at = { tenant: state.request.targetTenant, dataset: dataset.to, restoreId, n };
    const stays = await clearLeftover(folder, at, state.results.get(n)?.ok === true);
    const told = { restore_id: restoreId, dataset_id: dataset.to };
    if (stays === undefined) this.house.log.info(told, 'what a restore had left beside its target is cleared away');
    else this.house.log.warn({ ...told, path: stays }, 'what a restore had set aside stays: something else was done to its target since');
  }

  private failed(error: unknown, left?: LeftOf): void {
    this.house.log.warn({ err: error, restore_id: left?.restoreId }, 'what a restore left beside its target could not be cleared away');
  }
}

async function tenantsIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.dr-')).map(({ name }) => join(root, name));
}
