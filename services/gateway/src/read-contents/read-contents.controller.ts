import type { Caller as KeyCaller } from '@dr/auth';
import { query as ask, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Controller, Get, Param, Query } from '@nestjs/common';
import * as z from 'zod';
import { Caller, Scope } from '../auth/caller.ts';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { HttpProblem, notFound } from '../http/problem.ts';

const contentsQuery = z.strictObject({
  dataset_id: z.string().optional(),
  path: z.string().optional(),
  cursor: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

/** Large trees are read page by page from the repository, which takes longer than a look into the catalog. */
const CONTENTS_TIMEOUT_MS = 60_000;

/** GET /backups/{id}/contents: the files of a sealed backup with their sizes and digests, from the repository itself. */
@Controller('backups')
export class ReadContentsController {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
  ) {}

  @Get(':id/contents')
  @Scope('backup:read')
  async get(
    @Param('id') id: string,
    @Query({ schema: contentsQuery }) query: z.infer<typeof contentsQuery>,
    @Caller() caller: KeyCaller,
  ): Promise<object> {
    const backup = await this.catalog.backup(id, scopeOf(caller.tenant));
    if (!backup) throw notFound('backup', id);
    if (backup.status !== 'completed' && backup.status !== 'partial') {
      throw new HttpProblem(409, 'backup.not_restorable', `Backup ${id} is ${backup.status}; only a sealed backup has contents.`);
    }
    const page = await ask<{ files: object[]; next: number | null }>(
      this.house.bus,
      subjectOf.query('restorer', 'contents'),
      {
        tenant: backup.tenant_id,
        backupId: id,
        datasetId: query.dataset_id,
        path: query.path,
        skip: query.cursor,
        limit: query.limit,
      },
      { timeoutMs: CONTENTS_TIMEOUT_MS },
    );
    return { backup_id: id, files: page.files, next_cursor: page.next === null ? null : String(page.next) };
  }
}
