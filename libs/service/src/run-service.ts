import { ConfigurationError } from '@dr/config';
import { answer, type ServiceName, subjectOf } from '@dr/messaging';
import { announceReady, type Logger } from '@dr/telemetry';
import type { INestApplicationContext } from '@nestjs/common';
import { ServiceHealth } from './health.ts';
import { type House, houseParts, openHouse } from './house.ts';
import { startGivingPagesBack } from './pages-given-back.ts';

export interface StartedService {
  app: INestApplicationContext;
  /** Said in the ready line, such as the port. */
  more?: object;
}

/**
 * The main of every service: opens the house, starts the Nest app, says `ready`, and at SIGTERM or SIGINT closes the app, then the house.
 * A failure at the start is one log line that says what to do, and exit code 1.
 */
export async function runService(
  service: ServiceName,
  start: (house: House, health: ServiceHealth) => Promise<StartedService>,
): Promise<void> {
  const parts = orExit(() => houseParts(service));
  try {
    const house = await openHouse(parts);
    const health = new ServiceHealth(house);
    const { app, more } = await start(house, health);
    answer(house.bus, subjectOf.health(service), () => health.report());
    closeAtSignal(house, app);
    startGivingPagesBack();
    announceReady(house.log, service, more);
  } catch (error) {
    endWith(parts.log, error);
  }
}

function orExit<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function endWith(log: Logger, error: unknown): never {
  log.fatal({ err: error }, 'the service could not start');
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}

function closeAtSignal(house: House, app: INestApplicationContext): void {
  let isClosing = false;
  const close = async () => {
    house.log.info('stopping');
    await app.close();
    await house.close();
    process.exit(0);
  };
  const onSignal = () => {
    if (isClosing) return;
    isClosing = true;
    close().catch((error: unknown) => endWith(house.log, error));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
