import { query, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Controller } from '@nestjs/common';
import { Route } from '../http/route.ts';
import { testBackup } from './test-backup.schema.ts';

/** A store that is far away and tries again for a while is slow, not broken. */
const TIMEOUT_MS = 60_000;

/** POST /test-backup: asks an archiver, since that is who writes backups. */
@Controller()
export class TestBackupController {
  constructor(@InjectHouse() private readonly house: House) {}

  @Route(testBackup)
  run(): Promise<object> {
    return query<object>(this.house.bus, subjectOf.query('archiver', 'test-stores'), {}, { timeoutMs: TIMEOUT_MS });
  }
}
