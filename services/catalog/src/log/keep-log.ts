import { Relay, Sequencer } from '@dr/event-store';
import { answer, NUDGE, nudge, onNudge, publishEvents, type Stop } from '@dr/messaging';
import { type House, InjectHouse, LOG_READINESS, type LogReadiness, ServiceHealth } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CopyLog } from '../copy-log/copy-log.ts';

/** The sequencer, which gives appended events their order, and the relay, which copies them to JetStream. One catalog leads, others stand by. */
@Injectable()
export class KeepLog implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stops: Stop[] = [];

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly health: ServiceHealth,
    private readonly copy: CopyLog,
  ) {}

  onApplicationBootstrap(): void {
    const { database, bus, log } = this.house;
    const onError = (error: unknown) => log.error({ err: error }, 'keeping the log failed');
    const relay = new Relay({ database, publish: (events) => publishEvents(bus, events), onError });
    const onSealed = () => {
      nudge(bus, NUDGE.log);
      this.copy.sealed();
      relay.nudge();
    };
    const onAdopted = (count: number) => log.warn({ count }, 'events of another cluster were put in order after a restore of the database');
    const sequencer = new Sequencer({ database, beforeLeading: () => this.copy.beforeLeading(), onSealed, onAdopted, onError });
    this.watch(sequencer, relay);
    this.stops.push(
      answer(bus, LOG_READINESS, () => readinessOf(sequencer, this.copy)),
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

/** A follower says yes: whoever leads has compared, or writers find its leader at work on it when they ask again. */
function readinessOf({ state }: Sequencer, copy: CopyLog): LogReadiness {
  if (state.status === 'leader' || state.status === 'follower') return { ready: true };
  if (copy.imported !== undefined) return { ready: false, working: true, reason: `${copy.imported} events came back from the repository` };
  if (state.status !== 'failing') return { ready: false, reason: 'the catalog is comparing it' };
  const { code, message } = state.error as { code?: unknown; message?: unknown };
  return { ready: false, reason: String(message ?? state.error), refused: code === 'log_copy.foreign' };
}
