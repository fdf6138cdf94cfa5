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
  /** Entries to pass over: the cursor. */
  skip: number;
  limit: number;
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

  private async read(query: ContentsQuery): Promise<{ files: object[]; next: number | null }> {
    const tenant = await (await this.repository.open()).tenant(query.tenant);
    const { datasets } = await tenant.commit(query.backupId);
    const files: object[] = [];
    let [seen, bytes] = [0, 0];
    for (const { datasetId, root } of datasets) {
      if (root === undefined || (query.datasetId !== undefined && query.datasetId !== datasetId)) continue;
      for await (const entry of tenant.entries(root, { under: query.path })) {
        if (entry.kind === 'dir' || seen++ < query.skip) continue;
        bytes += Buffer.byteLength(entry.path) + ENTRY_BYTES;
        if (files.length === query.limit || bytes > ANSWER_BYTES_MAX) return { files, next: query.skip + files.length };
        files.push(fileOf(datasetId, entry));
      }
    }
    return { files, next: null };
  }
}

const fileOf = (datasetId: string, { path, kind, size, digest, mtimeNs, linkTarget }: TreeEntry): object => ({
  dataset_id: datasetId,
  path,
  kind,
  size,
  digest: digest ?? null,
  modified_at: new Date(Number(mtimeNs / 1_000_000n)).toISOString(),
  ...(linkTarget !== undefined && { link_target: linkTarget }),
});
