import type { Caller as KeyCaller } from '@dr/auth';
import { query as ask, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Controller, Param, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { type BackupView, CatalogClient, scopeOf } from '../catalog-client.ts';
import { HttpProblem, notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { behindOf, cursorOf } from './diff-place.ts';
import { type DiffFilesQuery, type DiffQuery, readDiff, readDiffFiles } from './read-diff.schema.ts';

interface Page {
  items: object[];
  next: string | null;
}

/** Trees are compared page by page; a page of the answer ends after 20 s. */
const DIFF_TIMEOUT_MS = 90_000;

/** GET /backups/{id}/diff/{other}: what became of data sets between two backups, from the repository itself. */
@Controller()
export class ReadDiffController {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
  ) {}

  @Route(readDiff)
  async diff(
    @Param('id') id: string,
    @Param('other') other: string,
    @Query() query: DiffQuery,
    @Caller() caller: KeyCaller,
  ): Promise<object> {
    const backups = await this.both(caller, id, other);
    const { items, next } = await this.page(backups, query);
    if (query.dataset_id !== undefined && items.length === 0) throw noSuchSet(id, other, query.dataset_id);
    return { before: id, after: other, tenant_id: backups[0].tenant_id, datasets: items, next_cursor: next && cursorOf(next) };
  }

  @Route(readDiffFiles)
  async files(
    @Param('id') id: string,
    @Param('other') other: string,
    @Query() query: DiffFilesQuery,
    @Caller() caller: KeyCaller,
  ): Promise<object> {
    const backups = await this.both(caller, id, other);
    const holds = ({ datasets }: BackupView): boolean => datasets.some((d) => d.dataset_id === query.dataset_id && d.root !== undefined);
    if (!backups.every(holds)) throw noSuchSet(id, other, query.dataset_id);
    const { items, next } = await this.page(backups, query, true);
    return { before: id, after: other, dataset_id: query.dataset_id, files: items, next_cursor: next && cursorOf(next) };
  }

  private async both(caller: KeyCaller, id: string, other: string): Promise<[BackupView, BackupView]> {
    const [before, after] = [await this.sealed(caller, id), await this.sealed(caller, other)];
    if (before.tenant_id === after.tenant_id) return [before, after];
    throw new HttpProblem(422, 'backup.other_tenant', `${id} and ${other} are backups of different tenants, which have nothing in common.`);
  }

  private async sealed(caller: KeyCaller, id: string): Promise<BackupView> {
    const backup = await this.catalog.backup(id, scopeOf(caller.tenant));
    if (!backup) throw notFound('backup', id);
    if (backup.status === 'completed' || backup.status === 'partial') return backup;
    throw new HttpProblem(409, 'backup.not_restorable', `Backup ${id} is ${backup.status}; only sealed backups can be compared.`);
  }

  private page([before, after]: [BackupView, BackupView], { dataset_id, cursor, limit }: DiffQuery, files?: boolean): Promise<Page> {
    const ids = { tenant: before.tenant_id, before: before.backup_id, after: after.backup_id };
    const request = { ...ids, datasetId: dataset_id, files, behind: cursor === undefined ? undefined : behindOf(cursor), limit };
    return ask<Page>(this.house.bus, subjectOf.query('restorer', 'diff'), request, { timeoutMs: DIFF_TIMEOUT_MS });
  }
}

const noSuchSet = (id: string, other: string, dataset: string): HttpProblem =>
  new HttpProblem(404, 'backup.no_such_content', `${id} and ${other} do not both hold data set ${dataset}, or neither does.`);
