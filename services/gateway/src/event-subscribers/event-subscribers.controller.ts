import { type Caller as KeyCaller, listedTenant, tenantFor } from '@dr/auth';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { type CreateSubscriberBody, createSubscriber, listSubscribers, revokeSubscriber } from './event-subscribers.schema.ts';
import { EventSubscribers } from './event-subscribers.ts';

/** /event-subscribers: who may read a tenant's events from NATS. */
@Controller()
export class EventSubscribersController {
  constructor(private readonly subscribers: EventSubscribers) {}

  @Route(createSubscriber)
  create(@Body() body: CreateSubscriberBody, @Caller() caller: KeyCaller): Promise<object> {
    const tenant = tenantFor(caller, body.tenant_id);
    if (tenant === undefined) throw notFound('tenant', body.tenant_id ?? '');
    return this.subscribers.create(caller, tenant, body.name);
  }

  @Route(listSubscribers)
  async list(@Query() { tenant_id }: { tenant_id?: string }, @Caller() caller: KeyCaller): Promise<object> {
    const tenant = listedTenant(caller, tenant_id);
    if (tenant === undefined) throw notFound('tenant', tenant_id ?? '');
    return { subscribers: await this.subscribers.list(tenant) };
  }

  @Route(revokeSubscriber)
  revoke(@Param('id') id: string, @Caller() caller: KeyCaller): Promise<object> {
    return this.subscribers.revoke(caller, id);
  }
}
