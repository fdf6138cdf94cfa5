import { natsServer } from '../../../../test/support/servers.ts';
import { type Bus, type BusOptions, connectBus } from '../bus.ts';
import { ensureTopology } from '../ensure-topology.ts';
import { TOPOLOGY, type Topology } from '../topology.ts';

export interface TestLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** A logger that only remembers. */
export function recordingLog(): { log: BusOptions['log']; lines: TestLine[] } {
  const lines: TestLine[] = [];
  const write = (level: string) => (fields: Record<string, unknown>, message: string) => void lines.push({ level, message, fields });
  return { log: { info: write('info'), warn: write('warn'), error: write('error') } as unknown as BusOptions['log'], lines };
}

/** Connections to an empty account of the run's NATS server; `close` ends them all. */
export async function testAccount() {
  const { url, user, pass } = await natsServer();
  const buses: Bus[] = [];
  const connect = async (service = 'tester', more: Partial<BusOptions> = {}): Promise<Bus> => {
    const bus = await connectBus({ url, user, pass, service, ...more });
    buses.push(bus);
    return bus;
  };
  return { url, user, pass, connect, close: () => Promise.all(buses.map((bus) => bus.close())) };
}

/** The house's topology with a short ack_wait for jobs, so that redelivery is seen in a second. */
export const quickTopology = (ackWaitMs: number): Topology => ({
  streams: TOPOLOGY.streams,
  consumers: TOPOLOGY.consumers.map(({ stream, config }) => ({ stream, config: { ...config, ack_wait: ackWaitMs * 1_000_000 } })),
});

export async function quickBus(
  account: Awaited<ReturnType<typeof testAccount>>,
  ackWaitMs = 1_000,
  more: Partial<BusOptions> = {},
): Promise<Bus> {
  const bus = await account.connect('tester', more);
  await ensureTopology(bus, quickTopology(ackWaitMs));
  return bus;
}

/** Waits until `condition` holds. @throws after `ms`. */
export async function until(condition: () => unknown, ms = 8_000): Promise<void> {
  for (let waited = 0; !(await condition()); waited += 20) {
    if (waited > ms) throw new Error(`did not come true within ${ms} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
