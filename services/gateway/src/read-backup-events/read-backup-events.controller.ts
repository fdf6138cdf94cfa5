import type { Caller as KeyCaller } from '@dr/auth';
import { toCloudEvent } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Controller, Param, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { Route } from '../http/route.ts';
import { loadBackup } from '../load-backup/load-backup.ts';
import { eventsOfBackup } from './events-of-backup.ts';
import { type BackupEventsQuery, readBackupEvents } from './read-backup-events.schema.ts';

@Controller()
export class ReadBackupEventsController {
  constructor(@InjectHouse() private readonly house: House) {}

  @Route(readBackupEvents)
  async handle(@Param('id') id: string, @Query() query: BackupEventsQuery, @Caller() caller: KeyCaller): Promise<object> {
    await loadBackup(this.house, caller, id);
    const { events, next } = await eventsOfBackup(this.house.database, id, { limit: query.limit, after: query.cursor });
    return { backup_id: id, events: events.map(toCloudEvent), next_cursor: next ?? null };
  }
}
