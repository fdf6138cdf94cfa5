import 'reflect-metadata';
import { requireTopology } from '@dr/messaging';
import { requireComparedLog, runService } from '@dr/service';
import { NestFactory } from '@nestjs/core';
import { ArchiverModule } from './archiver.module.ts';

/** Plans backups into one job per data set, captures, seals. */
await runService('archiver', async (house, health) => {
  await requireTopology(house.bus);
  await requireComparedLog(house);
  return { app: await NestFactory.createApplicationContext(ArchiverModule.of(house, health), { logger: false }) };
});
