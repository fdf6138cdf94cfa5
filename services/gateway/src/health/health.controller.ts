import { query, subjectOf } from '@dr/messaging';
import { type Health, type House, InjectHouse, ServiceHealth } from '@dr/service';
import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Route } from '../http/route.ts';
import { liveness, readiness } from './health.schema.ts';

const OTHERS = ['catalog', 'archiver', 'restorer'];

/** /health/live says that this process runs; /health/ready that every service of the house can work. Never a reason to restart anything. */
@Controller()
export class HealthController {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly health: ServiceHealth,
  ) {}

  @Route(liveness)
  live(): object {
    return { status: 'ok' };
  }

  @Route(readiness)
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const services = await Promise.all([this.health.report(), ...OTHERS.map((name) => this.ask(name))]);
    const ok = services.every((service) => service.ok);
    void reply.status(ok ? 200 : 503);
    return { status: ok ? 'ok' : 'not ready', services };
  }

  private async ask(service: string): Promise<Health> {
    try {
      return await query<Health>(this.house.bus, subjectOf.health(service), {}, { timeoutMs: 2_000 });
    } catch (error) {
      return { service, ok: false, problems: [`does not answer: ${(error as Error).message}`] };
    }
  }
}
