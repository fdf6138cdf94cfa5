import { Relay, Sequencer } from '@dr/event-store';
import { NUDGE, nudge, onNudge, publishEvents, type Stop } from '@dr/messaging';
import { type House, InjectHouse, ServiceHealth } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

/** The sequencer, which gives appended events their order, and the relay, which copies them to JetStream. One catalog leads, others stand by. */
@Injectable()
export class KeepLog implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stops: Stop[] = [];

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly health: ServiceHealth,
  ) {}

  onApplicationBootstrap(): void {
    const { database, bus, log } = this.house;
    const onError = (error: unknown) => log.error({ err: error }, 'keeping the log failed');
    const relay = new Relay({ database, publish: (events) => publishEvents(bus, events), onError });
    const onSealed = () => {
      nudge(bus, NUDGE.log);
      relay.nudge();
    };
    const onAdopted = (count: number) => log.warn({ count }, 'events of another cluster were put in order after a restore of the database');
    const sequencer = new Sequencer({ database, onSealed, onAdopted, onError });
    this.watch(sequencer, relay);
    this.stops.push(
      onNudge(bus, NUDGE.sequencer, () => sequencer.nudge()),
      () => sequencer.stop(),
      () => relay.stop(),
    );
    sequencer.start();
    relay.start();
  }

  async onApplicationShutdown(): Promise<void> {
    for (const stop of this.stops) await stop();
  }

  private watch(sequencer: Sequencer, relay: Relay): void {
    this.health.register('sequencer', () => (sequencer.state.status === 'failing' ? String(sequencer.state.error) : undefined));
    this.health.register('relay', () => (relay.state.status === 'failing' ? String(relay.state.error) : undefined));
  }
}
