import { type House, HouseModule, RepositoryAccess, ServiceHealth } from '@dr/service';
import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { RunHooks } from './after-restore/run-hooks.ts';
import { AnswerPlans } from './plan-restore/answer-plans.ts';
import { PlanRestores } from './plan-restore/plan-restores.ts';
import { AnswerContents } from './read-contents/answer-contents.ts';
import { AnswerDiffs } from './read-diff/answer-diffs.ts';
import { RestoreDatasets } from './restore-dataset/restore-datasets.ts';
import { SweepLeftovers } from './sweep-leftovers/sweep-leftovers.ts';
import { VerifyBackups } from './verify-backup/verify-backups.ts';

@Module({})
export class RestorerModule implements OnApplicationShutdown {
  constructor(private readonly repository: RepositoryAccess) {}

  static of(house: House, health: ServiceHealth): DynamicModule {
    const providers = [
      { provide: ServiceHealth, useValue: health },
      { provide: RepositoryAccess, useValue: new RepositoryAccess({ config: house.config, mode: 'read', now: house.now }) },
      PlanRestores,
      AnswerPlans,
      RestoreDatasets,
      RunHooks,
      VerifyBackups,
      AnswerContents,
      AnswerDiffs,
      SweepLeftovers,
    ];
    return { module: RestorerModule, imports: [HouseModule.of(house)], providers };
  }

  /** Nest ends the module after its providers, so no worker is in the repository any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.repository.close();
  }
}
