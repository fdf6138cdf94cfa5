import 'reflect-metadata';
import { ensureTopology } from '@dr/messaging';
import { runService } from '@dr/service';
import { NestFactory } from '@nestjs/core';
import { CatalogModule } from './catalog.module.ts';

/** Views of the log and answers from them; also gives events their order and copies them to the bus. */
await runService('catalog', async (house, health) => {
  await ensureTopology(house.bus);
  return { app: await NestFactory.createApplicationContext(CatalogModule.of(house, health), { logger: false }) };
});
