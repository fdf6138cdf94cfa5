import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Caller, visibleTenant } from '@dr/auth';
import {
  closeSubscription,
  EVENTS,
  isSubscriberAccepted,
  newSubscriberKey,
  openSubscription,
  SUBSCRIBER_API,
  SUBSCRIBER_SLOTS,
  slotConsumer,
} from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Injectable } from '@nestjs/common';
import { HttpProblem, notFound } from '../http/problem.ts';

/** As the file has it, from which the supervisor makes the configuration of the NATS server. */
export interface Subscriber {
  subscriber_id: string;
  tenant_id: string;
  name: string | null;
  slot: number;
  public_key: string;
  created_at: string;
  created_by: string;
  revoked_at: string | null;
}

const RELOAD_MS_MAX = 5_000;

/**
 * Subscribers of the embedded NATS server. They stand in DR_HOME/nats/subscribers.json, which the supervisor makes and follows: it gives the server
 * its configuration anew. Only public keys are in it.
 */
@Injectable()
export class EventSubscribers {
  private last: Promise<unknown> = Promise.resolve();

  constructor(@InjectHouse() private readonly house: House) {}

  async list(tenant: string): Promise<object[]> {
    return (await this.read()).filter((s) => tenant === '*' || s.tenant_id === tenant).map((s) => this.shown(s));
  }

  /** @throws HttpProblem 409 when every slot is taken, 501 when the server is somebody else's, 503 when it does not take the key in time */
  create(caller: Caller, tenant: string, name: string | undefined): Promise<object> {
    if (!existsSync(this.file)) throw notEmbedded();
    return this.inTurn(async () => {
      const { seed, publicKey } = newSubscriberKey();
      const subscriber = this.newSubscriber(await this.read(), { caller, tenant, name, publicKey });
      await openSubscription(this.house.bus, subscriber.slot, tenant);
      await this.write([...(await this.read()), subscriber]);
      if (await isSubscriberAccepted(this.house.config.nats.url, seed, RELOAD_MS_MAX)) return { ...this.shown(subscriber), seed };
      await this.end(subscriber);
      throw new HttpProblem(
        503,
        'events.not_reloaded',
        'The NATS server did not take the new credentials in time; they were revoked. Try again.',
      );
    });
  }

  /** Doing it again changes nothing. @throws HttpProblem 404 */
  revoke(caller: Caller, id: string): Promise<object> {
    return this.inTurn(async () => {
      const found = (await this.read()).find((s) => s.subscriber_id === id && visibleTenant(caller, s.tenant_id));
      if (!found) throw notFound('subscriber', id);
      return this.shown(found.revoked_at === null ? await this.end(found) : found);
    });
  }

  private get file(): string {
    return join(this.house.config.home, 'nats', 'subscribers.json');
  }

  /** The slot is free for another when the consumer is gone and the key is unknown. */
  private async end(subscriber: Subscriber): Promise<Subscriber> {
    const ended = { ...subscriber, revoked_at: new Date(this.house.now()).toISOString() };
    await closeSubscription(this.house.bus, subscriber.slot);
    await this.write((await this.read()).map((s) => (s.subscriber_id === ended.subscriber_id ? ended : s)));
    return ended;
  }

  private newSubscriber(
    all: readonly Subscriber[],
    { caller, tenant, name, publicKey }: { caller: Caller; tenant: string; name: string | undefined; publicKey: string },
  ): Subscriber {
    const taken = new Set(all.filter((s) => s.revoked_at === null).map((s) => s.slot));
    const slot = Array.from({ length: SUBSCRIBER_SLOTS }, (_, i) => i).find((i) => !taken.has(i));
    if (slot === undefined)
      throw new HttpProblem(409, 'events.no_place', `There are ${SUBSCRIBER_SLOTS} subscribers already. Revoke one first.`);
    return {
      subscriber_id: this.house.newId(),
      tenant_id: tenant,
      name: name ?? null,
      slot,
      public_key: publicKey,
      created_at: new Date(this.house.now()).toISOString(),
      created_by: caller.keyId,
      revoked_at: null,
    };
  }

  private shown({ slot, public_key: _, ...subscriber }: Subscriber): object {
    const server = this.house.config.nats.url.replace(/^(\w+:\/\/)?.*@/, '$1');
    return { ...subscriber, stream: EVENTS, consumer: slotConsumer(slot), api_prefix: SUBSCRIBER_API, server };
  }

  private async read(): Promise<Subscriber[]> {
    return existsSync(this.file) ? (JSON.parse(await readFile(this.file, 'utf8')) as Subscriber[]) : [];
  }

  private async write(all: readonly Subscriber[]): Promise<void> {
    await writeFile(`${this.file}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600, flush: true });
    await rename(`${this.file}.new`, this.file);
  }

  /** One change after the other: each reads the file, and writes all of it. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}

const notEmbedded = (): HttpProblem =>
  new HttpProblem(
    501,
    'events.not_embedded',
    'The NATS server is not this house’s own. Its operator makes credentials; docs/events.md says which.',
  );
