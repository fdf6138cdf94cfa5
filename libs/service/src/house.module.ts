import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { House } from './house.ts';

const HOUSE = Symbol('House');

/** Injects what `openHouse` opened. */
export const InjectHouse = (): ParameterDecorator => Inject(HOUSE);

/** Makes the house known to every module of a service. It is closed by `runService`, after all modules. */
@Module({})
export class HouseModule {
  static of(house: House): DynamicModule {
    return { module: HouseModule, global: true, providers: [{ provide: HOUSE, useValue: house }], exports: [HOUSE] };
  }
}
