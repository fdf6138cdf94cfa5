import type { Caller as KeyCaller } from '@dr/auth';
import { type House, InjectHouse } from '@dr/service';
import { Controller } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { Route } from '../http/route.ts';
import { readConfig } from './read-config.schema.ts';
import { type ShownConfig, shownConfig } from './shown-config.ts';

/** GET /config. */
@Controller()
export class ReadConfigController {
  constructor(@InjectHouse() private readonly house: House) {}

  @Route(readConfig)
  read(@Caller() caller: KeyCaller): ShownConfig {
    return shownConfig(this.house.config, caller.tenant);
  }
}
