import { DrError, ObjectMissing } from '@dr/storage';
import { mapLimited } from '../concurrency.ts';
import { FormatTooNew, Malformed } from '../errors.ts';
import type { PackKind } from '../format/object-names.ts';
import { packOf } from '../format/object-names.ts';
import type { PackEntry, PackFooter } from '../format/pack-entries.ts';
import { decodeTrailer, openFooter } from '../format/pack-reader.ts';
import { PACK_PADDING } from '../format/pack-writer.ts';
import { decodeHeader, HEADER_BYTES, keyFor } from '../format/seal.ts';
import type { IndexedPack } from '../format/segment.ts';
import { ownerOf, type TenantScope } from '../tenant-scope.ts';

const READS_AT_ONCE = 8;
const TAIL_BYTES = 16 * PACK_PADDING;

export interface FoundPack {
  readonly pack: IndexedPack;
  readonly footer: PackFooter;
}

/**
 * Packs of a session that no index segment names: stored before a crash, not yet indexed. Found by listing; each footer names its session. What does not
 * open (a torn write) is garbage and left out.
 */
export async function packsOfSession(scope: TenantScope, backupId: string, known: (name: string) => boolean): Promise<FoundPack[]> {
  const unknown: { name: string; kind: PackKind; size: number }[] = [];
  for await (const page of scope.store.list(scope.names.packs)) {
    for (const { key, size } of page) {
      const pack = packOf(key);
      if (pack && !known(pack.name)) unknown.push({ ...pack, size });
    }
  }
  const found = await mapLimited(unknown, READS_AT_ONCE, (pack) => openOrNothing(scope, pack));
  return found.filter((pack): pack is FoundPack => pack?.footer.session === backupId);
}

async function openOrNothing(scope: TenantScope, pack: { name: string; kind: PackKind; size: number }): Promise<FoundPack | undefined> {
  try {
    return await readFooter(scope, pack);
  } catch (error) {
    const garbage =
      error instanceof Malformed || error instanceof ObjectMissing || (error instanceof DrError && error.code.startsWith('keys.'));
    if (garbage && !(error instanceof FormatTooNew)) return undefined;
    throw error;
  }
}

/** Header and footer of a pack, with two or three range reads. @throws Malformed, FormatTooNew, keys.* and store errors. */
export async function readFooter(
  scope: TenantScope,
  { name, kind, size }: { name: string; kind: PackKind; size: number },
): Promise<FoundPack> {
  const object = scope.names.pack(kind, name);
  if (size < PACK_PADDING) throw new Malformed('it is shorter than any pack');
  const header = decodeHeader(await scope.store.read(object, { start: 0, end: HEADER_BYTES }), kind, object);
  const tailAt = Math.max(0, size - TAIL_BYTES);
  const tail = await scope.store.read(object, { start: tailAt, end: size });
  const trailer = decodeTrailer(tail, size);
  const end = trailer.footerAt + trailer.footerLength;
  const sealed =
    trailer.footerAt >= tailAt
      ? tail.subarray(trailer.footerAt - tailAt, end - tailAt)
      : await scope.store.read(object, { start: trailer.footerAt, end });
  const key = keyFor(header, ownerOf(scope), (epoch) => scope.keys.dataKey(epoch));
  const footer = openFooter(key, header, kind, sealed, trailer);
  const { epoch, salt, commitment } = header;
  return { pack: { name, kind, size, epoch, salt: new Uint8Array(salt), commitment: new Uint8Array(commitment) }, footer };
}

export type { PackEntry };
