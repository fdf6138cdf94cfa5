import 'reflect-metadata';
import { requireTopology } from '@dr/messaging';
import { requireComparedLog, runService } from '@dr/service';
import { NestFactory } from '@nestjs/core';
import { RestorerModule } from './restorer.module.ts';

/** Stages, verifies and swaps in restores; checks backups until the verifier comes. */
await runService('restorer', async (house, health) => {
  await requireTopology(house.bus);
  await requireComparedLog(house);
  return { app: await NestFactory.createApplicationContext(RestorerModule.of(house, health), { logger: false }) };
});
