import { rows } from '@dr/event-store';
import type { House } from './house.ts';

/** What is wrong with a service right now; no problems = ready. */
export interface Health {
  service: string;
  ok: boolean;
  problems: string[];
}

/** A part that can be out of order, such as a processor: undefined = well. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>;

/** Asks the database, the bus and the parts that were registered. Never throws. */
export class ServiceHealth {
  private readonly house: House;
  private readonly checks = new Map<string, HealthCheck>();

  constructor(house: House) {
    this.house = house;
  }

  register(part: string, check: HealthCheck): void {
    this.checks.set(part, check);
  }

  async report(): Promise<Health> {
    const own = await Promise.all([...this.checks].map(([part, check]) => problemOf(part, check)));
    const database = await problemOf('database', async () => void (await rows(this.house.database, 'SELECT 1')));
    const problems = [database, ...this.house.bus.health().problems, ...own].filter((p) => p !== undefined);
    return { service: this.house.service, ok: problems.length === 0, problems };
  }
}

async function problemOf(part: string, check: HealthCheck): Promise<string | undefined> {
  try {
    const problem = await check();
    return problem === undefined ? undefined : `${part}: ${problem}`;
  } catch (error) {
    return `${part}: ${(error as Error).message}`;
  }
}
