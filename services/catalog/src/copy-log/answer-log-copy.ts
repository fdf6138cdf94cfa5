import { repositoryDecider, streamOf } from '@dr/domain';
import { answer, type Stop, subjectOf } from '@dr/messaging';
import { type House, InjectHouse, nudgeSequencer } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type CopyReport, checkCopy } from './check-copy.ts';
import { CopyLog } from './copy-log.ts';

/** What administrators ask of the log's copy: whether it is whole, and to take a repository as it is. */
@Injectable()
export class AnswerLogCopy implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stops: Stop[] = [];

  constructor(
    @InjectHouse() private readonly house: House,
    private readonly copy: CopyLog,
  ) {}

  onApplicationBootstrap(): void {
    const { bus } = this.house;
    const subject = (name: string) => subjectOf.query('catalog', name);
    this.stops.push(
      answer(bus, subject('log-copy.check'), () => this.check(), { inHandMax: 1 }),
      answer<{ by: string }>(bus, subject('log-copy.adopt'), ({ by }) => this.adopt(by), { inHandMax: 1 }),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    for (const stop of this.stops) await stop();
  }

  private check(): Promise<CopyReport> {
    return checkCopy(this.house.database, this.house.config.repository.uri, () => this.copy.repository());
  }

  private async adopt(by: string): Promise<{ repository_id: string; lacks: readonly string[] }> {
    const { repositoryId, lacks, accept } = await this.copy.whatIsLacking();
    const options = {
      commandId: `adopt-${this.house.newId()}`,
      meta: { tenant: '*', requestId: 'adopt-rollback', actor: by },
    };
    const command = { kind: 'adoptRollback', repositoryId, by, lacks } as const;
    await this.house.store.decide(streamOf.repository(repositoryId), repositoryDecider, command, options);
    await accept();
    nudgeSequencer(this.house);
    return { repository_id: repositoryId, lacks };
  }
}
