import { answer, type Stop, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { openStore } from '@dr/storage';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type PartTest, testParts } from './test-parts.ts';
import { type StoreTest, testStore } from './test-store.ts';

/** Answers POST /test-backup for every backend that is configured, and for what else a backup needs. */
@Injectable()
export class AnswerTests implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: Stop | undefined;

  constructor(@InjectHouse() private readonly house: House) {}

  onApplicationBootstrap(): void {
    this.stop = answer(this.house.bus, subjectOf.query('archiver', 'test-stores'), () => this.testAll(), { inHandMax: 4 });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async testAll(): Promise<{ ok: boolean; backends: StoreTest[]; parts: PartTest[] }> {
    const { uri } = this.house.config.repository;
    const backends = [await testStore('repository', uri, this.house.newId(), () => openStore(uri, { mode: 'write' }))];
    const parts = await testParts(this.house);
    return { ok: [...backends, ...parts].every(({ ok }) => ok), backends, parts };
  }
}
