import { isDataset } from '@dr/config';
import { answer, type Stop, subjectOf } from '@dr/messaging';
import type { TreeEntry } from '@dr/repository';
import { type House, InjectHouse, RepositoryAccess } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

export interface ContentsQuery {
  tenant: string;
  backupId: string;
  /** Absent: data sets in the order of the backup, all of them. */
  datasetId?: string;
  /** One path and everything below it. */
  path?: string;
  /** The last file that was shown. */
  after?: ContentPlace;
  limit: number;
}

export interface ContentPlace {
  datasetId: string;
  path: string;
}

/** An answer must fit a message of 1 MB; paths may need escapes. ENTRY_BYTES: what an entry has beside its path. */
const ANSWER_BYTES_MAX = 450_000;
const ENTRY_BYTES = 320;

/** Answers what is in a backup, from the repository itself. */
@Injectable()
export class AnswerContents implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: Stop | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly repository: RepositoryAccess,
  ) {}

  onApplicationBootstrap(): void {
    this.stop = answer(this.house.bus, subjectOf.query('restorer', 'contents'), (query: ContentsQuery) => this.read(query));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async read(query: ContentsQuery): Promise<{ files: object[]; next: ContentPlace | null }> {
    const tenant = await (await this.repository.open()).tenant(query.tenant);
    const { datasets } = await tenant.commit(query.backupId);
    const files: object[] = [];
    let bytes = 0;
    let last: ContentPlace | null = null;
    for (const { datasetId, root } of datasetsFrom(datasets, query)) {
      if (root === undefined) continue;
      const after = datasetId === query.after?.datasetId ? query.after.path : undefined;
      for await (const entry of tenant.entries(root, { under: query.path, after })) {
        if (entry.kind === 'dir') continue;
        bytes += Buffer.byteLength(entry.path) + ENTRY_BYTES;
        if (files.length === query.limit || bytes > ANSWER_BYTES_MAX) return { files, next: last };
        files.push(fileOf(datasetId, entry));
        last = { datasetId, path: entry.path };
      }
    }
    return { files, next: null };
  }
}

/** Those that are asked for, from the one of the last page on. @throws BadCursor for one that is not in the backup */
function datasetsFrom<T extends { datasetId: string }>(all: readonly T[], { datasetId, after }: ContentsQuery): T[] {
  const wanted = all.filter((dataset) => (datasetId === undefined ? isDataset(dataset.datasetId) : dataset.datasetId === datasetId));
  if (after === undefined) return wanted;
  const from = wanted.findIndex((dataset) => dataset.datasetId === after.datasetId);
  if (from < 0) throw new BadCursor();
  return wanted.slice(from);
}

/** It was given for other contents. */
class BadCursor extends Error {
  readonly code = 'request.bad_cursor';
  readonly status = 400;
  constructor() {
    super('The cursor is not one that this list gave. Start again without one.');
  }
}

const fileOf = (datasetId: string, { path, kind, size, digest, mtimeNs, linkTarget, pinned }: TreeEntry): object => ({
  dataset_id: datasetId,
  path,
  kind,
  size,
  digest: digest ?? null,
  modified_at: new Date(Number(mtimeNs / 1_000_000n)).toISOString(),
  ...(linkTarget !== undefined && { link_target: linkTarget }),
  ...(pinned && { pinned }),
});
