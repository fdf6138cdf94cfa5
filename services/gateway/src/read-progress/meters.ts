import { onProgress, type Stop } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Meter, type Reading, snapshotOf } from './meter.ts';

/** Operations that are remembered; the one that was silent longest goes first. */
export const OPERATIONS_MAX = 2_000;

/** Hears the progress of every operation of the house. */
@Injectable()
export class Meters implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly meters = new Map<string, Meter>();
  private stop: Stop | undefined;

  constructor(@InjectHouse() private readonly house: House) {}

  onApplicationBootstrap(): void {
    this.stop = onProgress(this.house.bus, '*', (operation, value) => this.hear(operation, value));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  read(operation: string): Reading | undefined {
    return this.meters.get(operation)?.read(this.house.now());
  }

  /** Maps keep the order of insertion, so an operation that is heard moves to the end. */
  private hear(operation: string, value: unknown): void {
    const snapshot = snapshotOf(value);
    if (!snapshot) return;
    const meter = this.meters.get(operation) ?? new Meter();
    this.meters.delete(operation);
    this.meters.set(operation, meter);
    meter.hear(snapshot, this.house.now());
    if (this.meters.size > OPERATIONS_MAX) this.meters.delete(this.meters.keys().next().value!);
  }
}
