import { type House, HouseModule, RepositoryAccess, ServiceHealth } from '@dr/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { CaptureDatasets } from './capture-dataset/capture-datasets.ts';
import { PlanBackups } from './plan-backup/plan-backups.ts';
import { SealBackups } from './seal-backup/seal-backups.ts';
import { OpenSessions } from './sessions/open-sessions.ts';

@Module({})
export class ArchiverModule {
  static of(house: House, health: ServiceHealth): DynamicModule {
    const repository = new RepositoryAccess({ config: house.config, mode: 'write', now: house.now });
    const providers = [
      { provide: ServiceHealth, useValue: health },
      { provide: RepositoryAccess, useValue: repository },
      { provide: OpenSessions, useValue: new OpenSessions(repository) },
      PlanBackups,
      CaptureDatasets,
      SealBackups,
    ];
    return { module: ArchiverModule, imports: [HouseModule.of(house)], providers };
  }
}
