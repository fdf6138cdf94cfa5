import { changed, rows } from '@dr/event-store';
import type { House } from '@dr/service';
import { HttpProblem } from '../http/problem.ts';
import type { RequestSeed } from './request-identity.ts';

/** A request under its key, of one API key. `digest`: over everything that says what is wanted. */
export interface KeyedRequest {
  readonly keyId: string;
  readonly requestKey: string;
  readonly digest: string;
}

export interface StoredReply {
  readonly status: number;
  readonly location?: string;
  readonly body: unknown;
  /** Id of an API key whose secret was in the reply, so that it cannot be given again. */
  readonly secretOf?: string | undefined;
}

export type Claim = { readonly kind: 'run'; readonly seed: RequestSeed } | { readonly kind: 'replay'; readonly reply: StoredReply };

interface Row {
  digest: string;
  seed: string;
  seeded_at: Date;
  reply: StoredReply | null;
}

/**
 * How long a request counts as in progress when the process that has it does not say that it ended. It need not be exact: two who run the
 * same request at once get the same ids, and the event store carries each command out once.
 */
const LEASE_MS = 10_000;

/** The keys in PostgreSQL, and which of them this process has in hand. */
export class RequestKeys {
  private readonly house: Pick<House, 'database' | 'newId' | 'now'>;
  private readonly owner: string;
  /** How many requests of this process are at it under each name: one whose lease ran out may be overtaken by its repeat. */
  private readonly inHand = new Map<string, number>();

  constructor(house: Pick<House, 'database' | 'newId' | 'now'>) {
    this.house = house;
    this.owner = house.newId();
  }

  /**
   * The first one with a key runs; later ones get its reply, or run with its seed when it never got so far.
   * @throws HttpProblem 422 `idempotency.other_request`, 409 `idempotency.in_progress`
   */
  async claim(request: KeyedRequest): Promise<Claim> {
    const { database, newId } = this.house;
    const { keyId, requestKey, digest } = request;
    const at = new Date(this.house.now());
    const [fresh] = await rows<Row>(database, INSERT, [keyId, requestKey, digest, newId(), at, this.owner, LEASE_MS]);
    if (fresh) return this.begin(request, fresh, false);
    const [known] = await rows<Row>(database, 'SELECT * FROM request_keys WHERE key_id = $1 AND request_key = $2', [keyId, requestKey]);
    if (known && known.digest !== digest) throw otherRequest();
    if (known?.reply) return { kind: 'replay', reply: known.reply };
    const held = this.inHand.has(nameOf(request));
    const [left] = await changed<Row>(database, TAKE_OVER, [keyId, requestKey, this.owner, LEASE_MS, held]);
    if (!left) throw inProgress();
    return this.begin(request, left, true);
  }

  /** `used`: an earlier try may have made something with this seed, so that it must never be forgotten, wherever this try fails. */
  private begin(request: KeyedRequest, { seed, seeded_at }: Row, used: boolean): Claim {
    const name = nameOf(request);
    this.inHand.set(name, (this.inHand.get(name) ?? 0) + 1);
    return { kind: 'run', seed: { seed, at: seeded_at.getTime(), used } };
  }

  /** @returns whether a repeat of the same request is still at it. */
  private end(request: KeyedRequest): boolean {
    const name = nameOf(request);
    const left = (this.inHand.get(name) ?? 1) - 1;
    if (left > 0) this.inHand.set(name, left);
    else this.inHand.delete(name);
    return left > 0;
  }

  async succeeded(request: KeyedRequest, reply: StoredReply): Promise<void> {
    this.end(request);
    const sql = 'UPDATE request_keys SET reply = $3 WHERE key_id = $1 AND request_key = $2';
    await this.house.database.query(sql, [request.keyId, request.requestKey, JSON.stringify(reply)]);
  }

  /**
   * What was refused before anything was made is forgotten, so that it can be put right under the same key; else the next one goes on. A
   * request that was overtaken says nothing: the key and its seed are those of the repeat, which may have made something.
   */
  async failed(request: KeyedRequest, { used }: RequestSeed): Promise<void> {
    if (this.end(request)) return;
    const sql = used
      ? 'UPDATE request_keys SET lease_until = clock_timestamp() WHERE key_id = $1 AND request_key = $2 AND owner = $3 AND reply IS NULL'
      : 'DELETE FROM request_keys WHERE key_id = $1 AND request_key = $2 AND owner = $3 AND reply IS NULL';
    await this.house.database.query(sql, [request.keyId, request.requestKey, this.owner]);
  }
}

const nameOf = ({ keyId, requestKey }: KeyedRequest): string => `${keyId}\n${requestKey}`;

/** A row of yesterday gives way. */
const INSERT = `
INSERT INTO request_keys AS k (key_id, request_key, digest, seed, seeded_at, owner, lease_until)
VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7 * interval '1 ms')
ON CONFLICT (key_id, request_key) DO UPDATE SET digest = excluded.digest, seed = excluded.seed, seeded_at = excluded.seeded_at,
  owner = excluded.owner, lease_until = excluded.lease_until, reply = NULL
WHERE k.seeded_at < clock_timestamp() - interval '24 hours' RETURNING *`;

/** A lease that ran out; or one of our own that nobody here has in hand, since the database was away when it ended. */
const TAKE_OVER = `
UPDATE request_keys SET owner = $3, lease_until = clock_timestamp() + $4 * interval '1 ms'
 WHERE key_id = $1 AND request_key = $2 AND reply IS NULL AND (lease_until <= clock_timestamp() OR (owner = $3 AND NOT $5::boolean)) RETURNING *`;

const otherRequest = (): HttpProblem =>
  new HttpProblem(
    422,
    'idempotency.other_request',
    'This Idempotency-Key was used for another request in the last 24 hours; nothing was done. Take a new key for a new request.',
  );

const inProgress = (): HttpProblem =>
  new HttpProblem(
    409,
    'idempotency.in_progress',
    'The first request with this Idempotency-Key is still in progress. Ask again for its reply.',
    {
      headers: { 'Retry-After': '1' },
    },
  );
