import { authorise, type Caller as KeyCaller } from '@dr/auth';
import { isDataset, systemStateId } from '@dr/config';
import { query as ask, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Controller, Param, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { HttpProblem, notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { type ContentPlace, contentCursorOf, contentPlaceOf } from './content-place.ts';
import { type ContentsQuery, readContents } from './read-contents.schema.ts';

/** Large trees are read page by page from the repository, which takes longer than a look into the catalog. */
const CONTENTS_TIMEOUT_MS = 60_000;

/** Nobody but an admin of all tenants looks into system state, under whatever name. @throws HttpProblem 400, 403 */
function itemOf(caller: KeyCaller, { dataset_id, system_state }: ContentsQuery): string {
  if (dataset_id !== undefined) throw new HttpProblem(400, 'request.invalid', 'Give either dataset_id or system_state, not both.');
  if (caller.tenant !== '*') throw new HttpProblem(403, 'auth.scope_missing', 'System state is for admin keys of all tenants.');
  authorise(caller, 'admin');
  return systemStateId(system_state!);
}

/** GET /backups/{id}/contents: the files of a sealed backup with their sizes and digests, from the repository itself. */
@Controller()
export class ReadContentsController {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
  ) {}

  @Route(readContents)
  async get(@Param('id') id: string, @Query() query: ContentsQuery, @Caller() caller: KeyCaller): Promise<object> {
    const backup = await this.catalog.backup(id, scopeOf(caller.tenant));
    if (!backup) throw notFound('backup', id);
    if (backup.status !== 'completed' && backup.status !== 'partial') {
      throw new HttpProblem(409, 'backup.not_restorable', `Backup ${id} is ${backup.status}; only a sealed backup has contents.`);
    }
    if (query.dataset_id !== undefined && !isDataset(query.dataset_id)) throw notFound('dataset', query.dataset_id);
    const datasetId = query.system_state === undefined ? query.dataset_id : itemOf(caller, query);
    const page = await ask<{ files: object[]; next: ContentPlace | null }>(
      this.house.bus,
      subjectOf.query('restorer', 'contents'),
      {
        tenant: backup.tenant_id,
        backupId: id,
        datasetId,
        path: query.path,
        after: query.cursor === undefined ? undefined : contentPlaceOf(query.cursor),
        limit: query.limit,
      },
      { timeoutMs: CONTENTS_TIMEOUT_MS },
    );
    if (query.cursor === undefined && page.files.length === 0 && (datasetId ?? query.path) !== undefined) {
      throw new HttpProblem(404, 'backup.no_such_content', `Backup ${id} holds nothing under that data set and path.`);
    }
    return { backup_id: id, files: page.files, next_cursor: page.next && contentCursorOf(page.next) };
  }
}
