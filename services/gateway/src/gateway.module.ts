import { type House, HouseModule, ServiceHealth } from '@dr/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ApiKeyGuard } from './auth/api-key.guard.ts';
import { CancelBackupController } from './cancel-backup/cancel-backup.controller.ts';
import { CancelBackup } from './cancel-backup/cancel-backup.ts';
import { CancelRestoreController } from './cancel-restore/cancel-restore.controller.ts';
import { CancelRestore } from './cancel-restore/cancel-restore.ts';
import { CatalogClient } from './catalog-client.ts';
import { RecordFirstKey } from './first-key/record-first-key.ts';
import { HealthController } from './health/health.controller.ts';
import { declarationsOf } from './http/route.ts';
import { ValidateInput } from './http/validate-input.ts';
import { IdempotentRequests } from './idempotency/idempotent-requests.ts';
import { DECLARATIONS, OpenApiController } from './openapi/openapi.controller.ts';
import { ReadBackupsController } from './read-backups/read-backups.controller.ts';
import { ReadContentsController } from './read-contents/read-contents.controller.ts';
import { ReadRestoresController } from './read-restores/read-restores.controller.ts';
import { RequestBackupController } from './request-backup/request-backup.controller.ts';
import { RequestBackup } from './request-backup/request-backup.ts';
import { RequestRestoreController } from './request-restore/request-restore.controller.ts';
import { RequestRestore } from './request-restore/request-restore.ts';
import { RequestVerificationController } from './request-verification/request-verification.controller.ts';
import { WaitForEnd } from './wait-for-end/wait-for-end.ts';

const controllers = [
  RequestBackupController,
  ReadBackupsController,
  CancelBackupController,
  ReadContentsController,
  RequestRestoreController,
  ReadRestoresController,
  CancelRestoreController,
  RequestVerificationController,
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
      RecordFirstKey,
      RequestBackup,
      CancelBackup,
      RequestRestore,
      CancelRestore,
    ];
    return { module: GatewayModule, imports: [HouseModule.of(house)], controllers, providers };
  }
}
