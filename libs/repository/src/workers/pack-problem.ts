import type { PackEntry, PackFooter } from '../format/pack-entries.ts';
import { decodeTrailer, openFooter } from '../format/pack-reader.ts';
import { TRAILER_BYTES } from '../format/pack-writer.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES } from '../format/seal.ts';
import { type PackBytes, RECORD_AS, RECORD_WORDS, type UnpackJob } from './messages.ts';
import { type PackSource, PackUnread } from './pack-source.ts';

/**
 * What is wrong with a whole pack, beside the records that failed. Its name is compared only where not every byte is proven without it.
 * @param failed places in the job of records that did not open. @throws PackUnread.
 */
export function packProblem(job: UnpackJob, source: PackSource, failed: ReadonlySet<number>): string | undefined {
  const pack = job.sources[0]!;
  const size = pack.file?.end ?? pack.bytes.length;
  const footer = tryFooter(pack, source, size);
  const proven = 'entries' in footer && isProven(job, source, footer, { failed, size });
  if (!proven && source.name() !== pack.name) return 'its bytes do not have the SHA-256 that its name says';
  try {
    const header = decodeHeader(source.bytes(0, Math.min(size, HEADER_BYTES)), pack.kind, pack.name);
    if (Buffer.compare(header.commitment, pack.commitment) !== 0) return 'its header is not the one that the index knows';
  } catch (cause) {
    return messageOf(cause);
  }
  if (!('entries' in footer)) return footer.problem;
  const lists = ownRecords(job).every((own) => isEntry(footer.entries[own.record], own));
  return lists ? undefined : 'its footer does not have a record that the index knows';
}

type OpenedFooter = PackFooter & { readonly end: number };

function tryFooter({ key, belonging, kind }: PackBytes, source: PackSource, size: number): OpenedFooter | { readonly problem: string } {
  try {
    const trailer = decodeTrailer(source.bytes(Math.max(0, size - TRAILER_BYTES), size), size);
    const end = trailer.footerAt + trailer.footerLength;
    return { ...openFooter(key, belonging, kind, source.bytes(trailer.footerAt, end), trailer), end };
  } catch (cause) {
    return { problem: messageOf(cause) };
  }
}

function messageOf(cause: unknown): string {
  if (cause instanceof PackUnread) throw cause;
  return (cause as Error).message;
}

interface OwnRecord {
  /** Place in the job. */
  readonly place: number;
  readonly id: Uint8Array;
  readonly offset: number;
  readonly length: number;
  readonly record: number;
  readonly as: number;
}

/** Records of the job's own pack. */
function ownRecords({ ids, records }: UnpackJob): OwnRecord[] {
  return Array.from({ length: records.length / RECORD_WORDS }, (_, place) => {
    const [source, offset, length, record, , , as] = records.subarray(place * RECORD_WORDS) as unknown as number[];
    return { place, source, id: ids.subarray(32 * place, 32 * place + 32), offset: offset!, length: length!, record: record!, as: as! };
  }).filter(({ source }) => source === 0);
}

function isEntry(entry: PackEntry | undefined, { offset, length, id }: OwnRecord): boolean {
  return entry?.offset === offset && entry.length === length && Buffer.compare(entry.id, id) === 0;
}

/**
 * Whether every byte of a pack is proven without its name: the header is the one that the index knows, the footer's seal is whole, every record that it
 * lists, without a gap (openFooter), was opened, and zeros and trailer stand where they are written. Changing a byte under a seal unseen is as hard as under
 * a SHA-256, and needs the key; opening is done anyway (docs/decisions/0071).
 */
function isProven(
  job: UnpackJob,
  source: PackSource,
  { entries, end }: OpenedFooter,
  { failed, size }: { failed: ReadonlySet<number>; size: number },
): boolean {
  const opened = new Set<number>();
  for (const own of ownRecords(job))
    if (own.as === RECORD_AS.whole && !failed.has(own.place) && isEntry(entries[own.record], own)) opened.add(own.record);
  if (opened.size !== entries.length) return false;
  const { belonging, kind, salt, commitment } = job.sources[0]!;
  const header = encodeHeader({ ...belonging, kind, salt, commitment });
  if (Buffer.compare(source.bytes(0, HEADER_BYTES), header) !== 0) return false;
  const padding = size - TRAILER_BYTES - end;
  return Buffer.compare(source.bytes(end, end + padding), Buffer.alloc(padding)) === 0;
}
