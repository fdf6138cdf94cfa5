/**
 * Preloaded (`NODE_OPTIONS=--import …`) into the processes of a house under test: their clock is wrong by the milliseconds that the file
 * named by SHIFTED_CLOCK_FILE holds when the process starts.
 */
import { readFileSync } from 'node:fs';

const file = process.env['SHIFTED_CLOCK_FILE'];
const shiftMs = file ? Number(readFileSync(file, 'utf8')) : 0;
const RealDate = Date;
const realNow = Date.now.bind(Date);

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [realNow() + shiftMs] : args, newTarget),
  apply: () => new RealDate(realNow() + shiftMs).toString(),
  get: (target, name) => (name === 'now' ? () => realNow() + shiftMs : Reflect.get(target, name)),
});
