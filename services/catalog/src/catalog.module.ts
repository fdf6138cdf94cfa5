import { type House, HouseModule, ServiceHealth } from '@dr/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { AnswerLogCopy } from './copy-log/answer-log-copy.ts';
import { CopyLog } from './copy-log/copy-log.ts';
import { KeepLog } from './log/keep-log.ts';
import { AnswerQueries } from './queries/answer-queries.ts';
import { KeepViews } from './views/keep-views.ts';

@Module({})
export class CatalogModule {
  static of(house: House, health: ServiceHealth): DynamicModule {
    const providers = [{ provide: ServiceHealth, useValue: health }, CopyLog, AnswerLogCopy, KeepLog, KeepViews, AnswerQueries];
    return { module: CatalogModule, imports: [HouseModule.of(house)], providers };
  }
}
