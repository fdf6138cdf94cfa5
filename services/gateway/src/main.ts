import 'reflect-metadata';
import { requireTopology } from '@dr/messaging';
import { requireComparedLog, runService } from '@dr/service';
import { GatewayModule } from './gateway.module.ts';
import { createServer } from './http/server.ts';

/** REST in, decisions out: the front door of the house. */
await runService('gateway', async (house, health) => {
  await requireTopology(house.bus);
  await requireComparedLog(house);
  const { host, port } = house.config.server;
  const app = await createServer(house, GatewayModule.of(house, health));
  await app.listen(port, host);
  return { app, more: { url: await app.getUrl() } };
});
