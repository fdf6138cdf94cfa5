import { type House, HouseModule, ServiceHealth } from '@dr/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ApiKeysController } from './api-keys/api-keys.controller.ts';
import { CreateApiKey } from './api-keys/create-api-key.ts';
import { RevokeApiKey } from './api-keys/revoke-api-key.ts';
import { ApiKeyGuard } from './auth/api-key.guard.ts';
import { KeyUses } from './auth/key-uses.ts';
import { CancelBackupController } from './cancel-backup/cancel-backup.controller.ts';
import { CancelBackup } from './cancel-backup/cancel-backup.ts';
import { CancelRestoreController } from './cancel-restore/cancel-restore.controller.ts';
import { CancelRestore } from './cancel-restore/cancel-restore.ts';
import { CatalogClient } from './catalog-client.ts';
import { DeleteBackupController } from './delete-backup/delete-backup.controller.ts';
import { DeleteBackup } from './delete-backup/delete-backup.ts';
import { EventSubscribersController } from './event-subscribers/event-subscribers.controller.ts';
import { EventSubscribers } from './event-subscribers/event-subscribers.ts';
import { RecordFirstKey } from './first-key/record-first-key.ts';
import { HealthController } from './health/health.controller.ts';
import { declarationsOf } from './http/route.ts';
import { ValidateInput } from './http/validate-input.ts';
import { ForgetRequestKeys } from './idempotency/forget-keys.ts';
import { IdempotentRequests } from './idempotency/idempotent-requests.ts';
import { LogCopyController } from './log-copy/log-copy.controller.ts';
import { DECLARATIONS, OpenApiController } from './openapi/openapi.controller.ts';
import { PromoteBackupController } from './promote-backup/promote-backup.controller.ts';
import { PromoteBackup } from './promote-backup/promote-backup.ts';
import { ReadBackupEventsController } from './read-backup-events/read-backup-events.controller.ts';
import { ReadBackupsController } from './read-backups/read-backups.controller.ts';
import { ReadConfigController } from './read-config/read-config.controller.ts';
import { ReadContentsController } from './read-contents/read-contents.controller.ts';
import { ReadDatasetsController } from './read-datasets/read-datasets.controller.ts';
import { ReadDiffController } from './read-diff/read-diff.controller.ts';
import { LogTail } from './read-events/log-tail.ts';
import { ReadEventsController } from './read-events/read-events.controller.ts';
import { Views } from './read-own-write/views.ts';
import { Meters } from './read-progress/meters.ts';
import { ReadProgressController } from './read-progress/read-progress.controller.ts';
import { ReadRestoresController } from './read-restores/read-restores.controller.ts';
import { ReadStatsController } from './read-stats/read-stats.controller.ts';
import { RequestBackupController } from './request-backup/request-backup.controller.ts';
import { RequestBackup } from './request-backup/request-backup.ts';
import { RequestRestoreController } from './request-restore/request-restore.controller.ts';
import { RequestRestore } from './request-restore/request-restore.ts';
import { RequestVerificationController } from './request-verification/request-verification.controller.ts';
import { OpenStreams } from './streams/open-streams.ts';
import { TestBackupController } from './test-backup/test-backup.controller.ts';
import { WaitForEnd } from './wait-for-end/wait-for-end.ts';

const controllers = [
  ApiKeysController,
  RequestBackupController,
  ReadBackupsController,
  ReadBackupEventsController,
  CancelBackupController,
  PromoteBackupController,
  DeleteBackupController,
  ReadContentsController,
  ReadDiffController,
  RequestRestoreController,
  ReadRestoresController,
  CancelRestoreController,
  RequestVerificationController,
  ReadDatasetsController,
  ReadConfigController,
  ReadStatsController,
  TestBackupController,
  LogCopyController,
  ReadEventsController,
  EventSubscribersController,
  ReadProgressController,
  HealthController,
  OpenApiController,
];

/** Of every route that the gateway has. */
export const declarations = declarationsOf(controllers);

@Module({})
export class GatewayModule {
  static of(house: House, health: ServiceHealth): DynamicModule {
    const providers = [
      { provide: ServiceHealth, useValue: health },
      { provide: APP_GUARD, useClass: ApiKeyGuard },
      { provide: APP_INTERCEPTOR, useClass: ValidateInput },
      { provide: APP_INTERCEPTOR, useClass: WaitForEnd },
      { provide: APP_INTERCEPTOR, useClass: IdempotentRequests },
      { provide: DECLARATIONS, useValue: declarations },
      CatalogClient,
      KeyUses,
      CreateApiKey,
      RevokeApiKey,
      OpenStreams,
      Views,
      EventSubscribers,
      LogTail,
      Meters,
      RecordFirstKey,
      ForgetRequestKeys,
      RequestBackup,
      CancelBackup,
      PromoteBackup,
      DeleteBackup,
      RequestRestore,
      CancelRestore,
    ];
    return { module: GatewayModule, imports: [HouseModule.of(house)], controllers, providers };
  }
}
