import { type House, HouseModule, mayWriteAs, RepositoryAccess, ServiceHealth } from '@dr/service';
import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CancelBackups } from './cancel-backup/cancel-backups.ts';
import { CaptureDatasets } from './capture-dataset/capture-datasets.ts';
import { CaptureHooks } from './capture-hooks/capture-hooks.ts';
import { Housekeeping } from './housekeeping/housekeeping.ts';
import { PlanBackups } from './plan-backup/plan-backups.ts';
import { RecoverAtStart } from './recover-backups/recover-at-start.ts';
import { SealBackups } from './seal-backup/seal-backups.ts';
import { OpenSessions } from './sessions/open-sessions.ts';
import { SliceDatasets } from './slice-dataset/slice-datasets.ts';
import { AnswerTests } from './test-stores/answer-tests.ts';

@Module({})
export class ArchiverModule implements OnApplicationShutdown {
  constructor(private readonly repository: RepositoryAccess) {}

  static of(house: House, health: ServiceHealth): DynamicModule {
    const mayWrite = mayWriteAs(house.database, house.config.repository.uri);
    const repository = new RepositoryAccess({ config: house.config, mode: 'write', now: house.now, mayWrite });
    const providers = [
      { provide: ServiceHealth, useValue: health },
      { provide: RepositoryAccess, useValue: repository },
      { provide: OpenSessions, useValue: new OpenSessions(repository) },
      PlanBackups,
      CaptureHooks,
      CaptureDatasets,
      SealBackups,
      CancelBackups,
      Housekeeping,
      SliceDatasets,
      RecoverAtStart,
      AnswerTests,
    ];
    return { module: ArchiverModule, imports: [HouseModule.of(house)], providers };
  }

  /** Nest ends the module after its providers, so no worker is in the repository any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.repository.close();
  }
}
