import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import type { Bus } from './bus.ts';
import { BusUnavailable, ServerTooOld, TopologyDrift, TopologyMissing } from './errors.ts';
import { differences, isNewEnough, SERVER_VERSION_MIN, TOPOLOGY, type Topology } from './topology.ts';

interface Found {
  readonly missingStreams: Topology['streams'];
  readonly missingConsumers: Topology['consumers'];
  readonly drift: readonly string[];
}

/**
 * Makes the streams and consumers that are missing. The catalog calls it; the others may not (permissions) and call `requireTopology`.
 * Safe to call again, and by two at once.
 * @throws ServerTooOld, TopologyDrift (nothing is changed then), BusUnavailable when the server has no JetStream.
 */
export async function ensureTopology(bus: Bus, topology: Topology = TOPOLOGY): Promise<void> {
  const { missingStreams, missingConsumers } = await inspect(bus, topology);
  for (const stream of missingStreams) await bus.manager.streams.add(stream);
  for (const { stream, config } of missingConsumers) await bus.manager.consumers.add(stream, config);
  if (missingStreams.length + missingConsumers.length > 0) await inspect(bus, topology);
}

/**
 * Waits until the catalog has made the topology.
 * @throws ServerTooOld, TopologyDrift; TopologyMissing when it is not there within `waitMs` (default 60 s).
 */
export async function requireTopology(bus: Bus, { waitMs = 60_000 } = {}, topology: Topology = TOPOLOGY): Promise<void> {
  for (let waited = 0; ; waited += 250) {
    const { missingStreams, missingConsumers } = await inspect(bus, topology);
    const missing = [...missingStreams.map(({ name }) => name), ...missingConsumers.map(({ config }) => config.durable_name)];
    if (missing.length === 0) return;
    if (waited >= waitMs) {
      throw new TopologyMissing(
        `${missing.join(', ')} did not appear on the NATS server within ${Math.round(waitMs / 1000)} s. Is the catalog running?`,
      );
    }
    await pause(250);
  }
}

async function inspect(bus: Bus, topology: Topology): Promise<Found> {
  const version = bus.connection.info?.version;
  if (version === undefined) throw new BusUnavailable('The streams of the NATS server cannot be looked at: there is no connection.');
  if (!isNewEnough(version)) throw new ServerTooOld(version, SERVER_VERSION_MIN);
  const streams = await Promise.all(topology.streams.map((stream) => compareStream(bus, stream)));
  const consumers = await Promise.all(topology.consumers.map((consumer) => compareConsumer(bus, consumer)));
  const drift = [...streams, ...consumers].flatMap((found) => found ?? []);
  if (drift.length > 0) throw new TopologyDrift(drift);
  return {
    missingStreams: topology.streams.filter((_, i) => streams[i] === undefined),
    missingConsumers: topology.consumers.filter((_, i) => consumers[i] === undefined),
    drift,
  };
}

/** The differences, or undefined when there is no such stream. */
async function compareStream(bus: Bus, stream: Topology['streams'][number]): Promise<string[] | undefined> {
  const info = await unlessMissing(bus.manager.streams.info(stream.name));
  return info && differences(`stream ${stream.name}`, stream, info.config);
}

async function compareConsumer(bus: Bus, { stream, config }: Topology['consumers'][number]): Promise<string[] | undefined> {
  const info = await unlessMissing(bus.manager.consumers.info(stream, config.durable_name));
  return info && differences(`consumer ${config.durable_name} of ${stream}`, config, info.config);
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BusUnavailable(`The streams of the NATS server cannot be looked at: ${why}. Is JetStream on, and may this user see it?`, {
      cause,
    });
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof JetStreamApiError &&
  (error.code === JetStreamApiCodes.StreamNotFound || error.code === JetStreamApiCodes.ConsumerNotFound);
