import { pageMemory } from '@dr/storage';
import { Lane } from '../concurrency.ts';
import { pieceNaming } from '../format/hashes.ts';
import { packBufferBytes } from '../format/pack-writer.ts';
import { pageCompressor } from '../format/record.ts';
import { newSeal, SALT_BYTES } from '../format/seal.ts';
import type { KnownPieces } from '../index/known-pieces.ts';
import { belongingOf, type TenantScope } from '../tenant-scope.ts';
import type { PackTrust } from '../workers/pack-trust.ts';
import { PieceWriter, type StoredPiece } from '../workers/piece-writer.ts';
import type { StoredPacks } from './stored-packs.ts';

export interface PageStoreParts {
  readonly scope: TenantScope;
  readonly backupId: string;
  readonly known: KnownPieces;
  readonly trust: PackTrust;
  readonly packs: StoredPacks;
  readonly compressionLevel: number;
  readonly targetBytes: number;
  /** Whether a pack of the index has all its bytes. */
  readonly isWhole: (pack: number) => Promise<boolean>;
}

/** Stores tree pages from the main thread in meta packs of their own, one buffer at a time. */
export class PageStore {
  readonly #parts: PageStoreParts;
  readonly #writer: PieceWriter;
  readonly #lane = new Lane();
  #buffer: Buffer | undefined;
  #upload: Promise<void> = Promise.resolve();

  constructor(parts: PageStoreParts) {
    this.#parts = parts;
    this.#writer = this.#newWriter();
  }

  put(page: Uint8Array): Promise<StoredPiece> {
    return this.#lane.run(() => this.#writer.put('meta', page, 'the file tree'));
  }

  /** Ends the open pack; it is on its way when this returns. */
  flush(): Promise<void> {
    return this.#lane.run(async () => this.#writer.finish('meta'));
  }

  #newWriter(): PieceWriter {
    const { scope, backupId, known, trust, packs, compressionLevel, targetBytes, isWhole } = this.#parts;
    const { keys, random } = scope;
    return new PieceWriter({
      backupId,
      known,
      naming: pieceNaming(keys.idKey),
      compress: pageCompressor(compressionLevel),
      newSeal: (kind) => newSeal(belongingOf(scope), kind, keys.dataKey(keys.epoch), random(SALT_BYTES)),
      targets: { data: targetBytes, meta: targetBytes },
      sink: {
        obtain: async () => {
          await this.#upload;
          this.#buffer ??= Buffer.from(pageMemory(packBufferBytes(targetBytes)));
          return this.#buffer;
        },
        deliver: (kind, { name, header, bytes, entries }) => {
          const { epoch, salt, commitment } = header;
          this.#upload = packs.upload({ name, kind, size: bytes.length, epoch, salt, commitment }, bytes, entries);
        },
        trust: (pack) => trust.trust(pack, () => isWhole(pack)),
      },
    });
  }
}
