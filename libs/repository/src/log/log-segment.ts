import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { KeyRing } from '@dr/keys';
import type { ObjectKey } from '@dr/storage';
import { FormatTooNew, Malformed } from '../errors.ts';
import type { Description } from '../format/description.ts';
import { sha256 } from '../format/hashes.ts';
import { logKey } from '../format/object-names.ts';
import {
  associatedData,
  decodeHeader,
  encodeHeader,
  FORMAT_VERSION,
  HEADER_BYTES,
  keyFor,
  newSeal,
  nonce,
  openBytes,
  SALT_BYTES,
  sealBytes,
} from '../format/seal.ts';
import { parseObject } from '../format/signed-json.ts';
import { chainedAll, SEGMENT_BYTES_MAX } from './chain.ts';
import { NO_TENANT } from './no-tenant.ts';

/** What a segment may unfold to: one event over the limit is allowed to be alone. */
const UNFOLDED_BYTES_MAX = 4 * SEGMENT_BYTES_MAX;

/** Where an epoch left another one: the last position that both have, and the chain's hash there. */
export interface LogFork {
  readonly epoch: number;
  readonly position: number;
  readonly hash: string;
}

/** Consecutive events of the log as they were stored, with the hash chain before and after them. */
export interface LogSegment {
  readonly epoch: number;
  /** Position of the first event. */
  readonly first: number;
  /** Hex SHA-256 of the chain at `first - 1`. */
  readonly previous: string;
  /** The bodies of the events, byte for byte. */
  readonly bodies: readonly Uint8Array[];
  /** In the first segment of every epoch but 1. */
  readonly fork?: LogFork;
}

export interface ReadLogSegment extends LogSegment {
  readonly last: number;
  /** Of the chain at `last`. */
  readonly hash: string;
}

/** What seals log segments: they belong to the repository as a whole, not to a tenant. */
export interface LogScope {
  readonly ring: KeyRing;
  readonly description: Description;
  readonly random: (bytes: number) => Uint8Array;
}

interface Head {
  readonly format: number;
  readonly epoch: number;
  readonly first: number;
  readonly count: number;
  readonly previous: string;
  readonly hash: string;
  readonly fork?: LogFork;
}

/** Header, then one sealed part: zstd over u32 length and text of the head, then u32 length and bytes of each event. */
export function encodeLogSegment({ ring, description, random }: LogScope, segment: LogSegment): Buffer {
  const { epoch, first, previous, bodies, fork } = segment;
  const head: Head = {
    format: FORMAT_VERSION,
    epoch,
    first,
    count: bodies.length,
    previous,
    hash: chainedAll(previous, bodies),
    ...(fork && { fork }),
  };
  const belonging = { repositoryId: description.id, tag: NO_TENANT, epoch: ring.epoch };
  const seal = newSeal(belonging, 'log', ring.systemKey, random(SALT_BYTES));
  const aad = associatedData(belonging, 'log')(sha256(Buffer.from(logKey(epoch, first))));
  const plain = zstdCompressSync(Buffer.concat([Buffer.from(JSON.stringify(head)), ...bodies].flatMap(sized)));
  return Buffer.concat([encodeHeader(seal.header), sealBytes(seal.key, nonce(0, 0), aad, plain)]);
}

function sized(bytes: Uint8Array): Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}

/** @throws Malformed unless every byte is as written and the chain over the events is right; FormatTooNew. */
export function decodeLogSegment(
  { ring, description }: Omit<LogScope, 'random'>,
  place: { epoch: number; first: number },
  bytes: Uint8Array,
): ReadLogSegment {
  const key = logKey(place.epoch, place.first);
  const header = decodeHeader(bytes, 'log', key);
  const secret = keyFor(header, { repositoryId: description.id, tag: NO_TENANT }, (epoch) => ring.systemKeyOf(epoch));
  const aad = associatedData(header, 'log')(sha256(Buffer.from(key)));
  const [head, ...bodies] = parts(unfolded(openBytes(secret, nonce(0, 0), aad, bytes.subarray(HEADER_BYTES))));
  return checked(key, place, headOf(key, head), bodies);
}

function unfolded(folded: Uint8Array): Buffer {
  try {
    return zstdDecompressSync(folded, { maxOutputLength: UNFOLDED_BYTES_MAX });
  } catch (cause) {
    throw new Malformed('its content does not decompress', { cause });
  }
}

function parts(plain: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < plain.length; ) {
    const end = at + 4 <= plain.length ? at + 4 + plain.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (end > plain.length) throw new Malformed('an event in it is cut off');
    found.push(plain.subarray(at + 4, end));
    at = end;
  }
  return found;
}

function headOf(key: ObjectKey, bytes: Uint8Array | undefined): Head {
  const head = parseObject(bytes ?? Buffer.alloc(0)) as unknown as Head;
  if (typeof head.format !== 'number') throw new Malformed('it has no format number');
  if (head.format > FORMAT_VERSION) throw new FormatTooNew(key, head.format, FORMAT_VERSION);
  return head;
}

function checked(key: ObjectKey, place: { epoch: number; first: number }, head: Head, bodies: readonly Buffer[]): ReadLogSegment {
  const { epoch, first, count, previous, hash, fork } = head;
  if (epoch !== place.epoch || first !== place.first || count !== bodies.length || count === 0)
    throw new Malformed(`it is not the segment that ${key} names`);
  if (chainedAll(previous, bodies) !== hash) throw new Malformed('its hash chain does not fit its events');
  return { epoch, first, last: first + count - 1, previous, hash, bodies, ...(fork && { fork }) };
}
