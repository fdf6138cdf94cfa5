import { randomBytes } from 'node:crypto';
import { deltaCompressor } from '../format/delta.ts';
import { pieceNaming } from '../format/hashes.ts';
import type { PackKind } from '../format/object-names.ts';
import { encodeFooter } from '../format/pack-entries.ts';
import type { FinishedPack } from '../format/pack-writer.ts';
import { pieceCompressor } from '../format/record.ts';
import { release } from '../format/release.ts';
import { newSeal, SALT_BYTES } from '../format/seal.ts';
import { KnownPieces } from '../index/known-pieces.ts';
import { FileCapture } from './capture-file.ts';
import type { DeliveredPack, SealedPiece, SessionSetup } from './messages.ts';
import { hasItsName, type NamedPack } from './pack-source.ts';
import { PackTrust } from './pack-trust.ts';
import { PieceWriter } from './piece-writer.ts';

/** What a session's thread needs from the thread around it. */
export interface ThreadLinks {
  obtain(kind: PackKind, session: number): Promise<Buffer>;
  deliver(pack: DeliveredPack): void;
  /** Asks the main thread for a pack; undefined when it cannot be read. */
  namedPack(session: number, pack: number): Promise<NamedPack | undefined>;
  /** Asks the main thread for a full copy of a piece; undefined when none can be read. */
  sealedPiece(session: number, id: Uint8Array): Promise<SealedPiece | undefined>;
}

/** One session inside one worker thread: its known pieces, its open packs. */
export interface SessionContext {
  readonly known: KnownPieces;
  readonly writer: PieceWriter;
  readonly capture: FileCapture;
}

export function sessionContext(setup: SessionSetup, links: ThreadLinks): SessionContext {
  const known = new KnownPieces(setup.tables);
  const trust = new PackTrust(setup.trust);
  const check = async (pack: number): Promise<boolean> => {
    const found = await links.namedPack(setup.session, pack);
    if (!found) return false;
    const good = hasItsName(found);
    if (found.bytes) release(found.bytes);
    return good;
  };
  const naming = pieceNaming(setup.idKey);
  const writer = new PieceWriter({
    backupId: setup.backupId,
    naming,
    known,
    compress: pieceCompressor(setup.compressionLevel),
    delta: deltaCompressor(setup.compressionLevel),
    newSeal: (kind) => newSeal(setup.belonging, kind, setup.secret, randomBytes(SALT_BYTES)),
    targets: setup.targets,
    sink: {
      obtain: (kind) => links.obtain(kind, setup.session),
      deliver: (kind, pack) => links.deliver(delivery(setup.session, kind, pack)),
      trust: (pack) => trust.trust(pack, () => check(pack)),
    },
  });
  const earlier = { known, naming, sealedPiece: (id: Uint8Array) => links.sealedPiece(setup.session, id) };
  return { known, writer, capture: new FileCapture(writer, earlier) };
}

function delivery(session: number, kind: PackKind, pack: FinishedPack): DeliveredPack {
  const { epoch, salt, commitment } = pack.header;
  const footer = new Uint8Array(encodeFooter({ session: '', entries: pack.entries }));
  const buffer = pack.bytes.buffer as ArrayBuffer;
  return {
    type: 'pack',
    session,
    kind,
    name: pack.name,
    epoch,
    salt,
    commitment: new Uint8Array(commitment),
    buffer,
    size: pack.bytes.length,
    footer,
  };
}
