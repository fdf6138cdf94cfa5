import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Caller as KeyCaller } from '@dr/auth';
import { query, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Body, Controller } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { HttpProblem } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { adoptRollback, type RebuildBody, rebuildCatalog } from './log-copy.schema.ts';

/** Reading ten thousand segments of a store that is far away takes its time. */
const CHECK_MS_MAX = 300_000;

/** What administrators of the whole house ask of the log's copy in the repository. */
@Controller()
export class LogCopyController {
  constructor(@InjectHouse() private readonly house: House) {}

  @Route(rebuildCatalog)
  rebuild(@Body() { from }: RebuildBody, @Caller() caller: KeyCaller): Promise<object> {
    ofAllTenants(caller);
    const { uri } = this.house.config.repository;
    if (asUri(from) !== uri) throw elsewhere(from, uri);
    return query(this.house.bus, subjectOf.query('catalog', 'log-copy.check'), {}, { timeoutMs: CHECK_MS_MAX });
  }

  @Route(adoptRollback)
  adopt(@Caller() caller: KeyCaller): Promise<object> {
    ofAllTenants(caller);
    return query(this.house.bus, subjectOf.query('catalog', 'log-copy.adopt'), { by: caller.keyId }, { timeoutMs: 60_000 });
  }
}

const asUri = (place: string): string => {
  if (/^[a-z0-9]+:\/\//.test(place)) return place.replace(/\/+$/, '');
  return isAbsolute(place) ? `file://${resolve(place)}` : pathToFileURL(resolve(place)).href;
};

function ofAllTenants({ tenant }: KeyCaller): void {
  if (tenant === '*') return;
  throw new HttpProblem(422, 'log_copy.not_yours', 'This is for admin keys of all tenants ("*"); yours belongs to one tenant.');
}

const elsewhere = (from: string, uri: string): HttpProblem =>
  new HttpProblem(
    409,
    'log_copy.elsewhere',
    `Nothing was done: this house runs on ${uri}, not on ${from}, and has a past of its own there. Start an empty house on that repository instead: ` +
      `DR_HOME=<a new folder> BACKUP_PATH=<the repository> BACKUP_PASSPHRASE_FILE=<its passphrase> npm start. It takes the past back by itself.`,
  );
