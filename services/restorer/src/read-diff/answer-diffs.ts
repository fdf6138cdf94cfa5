import { withoutSystemState } from '@dr/config';
import { changedFiles, changeResource, diffBackups, fileResource } from '@dr/diff';
import { answer, type Stop, subjectOf } from '@dr/messaging';
import type { Commit, CommitDataset, TenantRepository } from '@dr/repository';
import { type House, InjectHouse, RepositoryAccess } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

export interface DiffQuery {
  tenant: string;
  before: string;
  after: string;
  /** Absent: every data set of either. */
  datasetId?: string;
  /** The files that differ, of one data set, instead of what became of data sets. */
  files?: boolean;
  /** The last data set, or file, that was shown. */
  behind?: string;
  limit: number;
}

export interface DiffAnswer {
  items: object[];
  next: string | null;
}

/** A page ends when it would not fit a message of 1 MB, or takes longer than a caller waits. */
const ANSWER_BYTES_MAX = 450_000;
const ANSWER_MS_MAX = 20_000;
/** Each walks two trees. */
const IN_HAND_MAX = 4;

/** Answers what became of data sets between two backups, from the repository itself. */
@Injectable()
export class AnswerDiffs implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: Stop | undefined;

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly repository: RepositoryAccess,
  ) {}

  onApplicationBootstrap(): void {
    this.stop = answer(this.house.bus, subjectOf.query('restorer', 'diff'), (query: DiffQuery) => this.diff(query), {
      inHandMax: IN_HAND_MAX,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async diff(query: DiffQuery): Promise<DiffAnswer> {
    const tenant = await (await this.repository.open()).tenant(query.tenant);
    const [before, after] = [ofDatasets(await tenant.commit(query.before)), ofDatasets(await tenant.commit(query.after))];
    return this.page(query.files ? filesOf(tenant, before, after, query) : setsOf(tenant, before, after, query), query);
  }

  private async page(items: AsyncIterable<{ key: string; item: object }>, { limit }: DiffQuery): Promise<DiffAnswer> {
    const shown: object[] = [];
    const until = this.house.now() + ANSWER_MS_MAX;
    let [bytes, last]: [number, string | null] = [0, null];
    for await (const { key, item } of items) {
      bytes += Buffer.byteLength(JSON.stringify(item));
      if (shown.length > 0 && (shown.length === limit || bytes > ANSWER_BYTES_MAX)) return { items: shown, next: last };
      shown.push(item);
      last = key;
      if (this.house.now() > until) return { items: shown, next: last };
    }
    return { items: shown, next: null };
  }
}

const ofDatasets = (commit: Commit): CommitDataset[] => withoutSystemState(commit.datasets, ({ datasetId }) => datasetId).datasets;

async function* setsOf(tenant: TenantRepository, before: CommitDataset[], after: CommitDataset[], { datasetId, behind }: DiffQuery) {
  const request = { tenant, before: { datasets: before }, after: { datasets: after }, datasetId, behind };
  for await (const change of diffBackups(request)) yield { key: change.datasetId, item: changeResource(change) };
}

/** Of a data set that only one of them holds, `contents` lists the files. */
async function* filesOf(tenant: TenantRepository, before: CommitDataset[], after: CommitDataset[], { datasetId, behind }: DiffQuery) {
  const [was, is] = [before, after].map((sets) => sets.find((set) => set.datasetId === datasetId && set.root !== undefined));
  if (!was || !is) return;
  for await (const page of changedFiles(tenant, was, is, behind))
    for (const change of page) yield { key: change.path, item: fileResource(change) };
}
