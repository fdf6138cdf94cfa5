/** The parts of a running house in the order of their start; they are stopped the other way round, PostgreSQL last. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RotatingLog } from './rotating-log.ts';
import { StartError } from './start-error.ts';
import { type ProcessSpec, SupervisedProcess } from './supervised-process.ts';

/** The start was given up because somebody asked for a stop: nothing went wrong. */
export class StoppedWhileStarting extends Error {}

export interface HouseOptions {
  home: string;
  say: (line: string) => void;
  readyMsMax?: number;
  backoffMsMin?: number;
}

export class House {
  readonly runFolder: string;
  private readonly options: HouseOptions;
  private readonly parts: { order: number; process: SupervisedProcess }[] = [];
  private readonly stopAsked = new AbortController();
  private stopped: Promise<void> | undefined;

  constructor(options: HouseOptions) {
    this.options = options;
    this.runFolder = join(options.home, 'run');
    mkdirSync(join(options.home, 'logs'), { recursive: true, mode: 0o700 });
  }

  /** Aborted as soon as somebody asks for a stop. */
  get signal(): AbortSignal {
    return this.stopAsked.signal;
  }

  /** Starts these parts side by side and waits until all are ready. @throws StartError of the first that fails; StoppedWhileStarting. */
  async start(...specs: ProcessSpec[]): Promise<void> {
    if (this.signal.aborted) throw new StoppedWhileStarting();
    await Promise.all(specs.map((spec) => this.startOne(spec)));
  }

  private async startOne(spec: ProcessSpec): Promise<void> {
    const { home, say, readyMsMax, backoffMsMin } = this.options;
    const log = new RotatingLog(join(home, 'logs', `${spec.name}.log`));
    const process = new SupervisedProcess(spec, { runFolder: this.runFolder, log, say, readyMsMax, backoffMsMin });
    this.parts.push({ order: spec.stop.order, process });
    await process.start().catch((error: unknown) => {
      throw this.signal.aborted ? new StoppedWhileStarting() : error;
    });
  }

  /** Stops everything in order; safe to call again and at any moment of the start. */
  stop(): Promise<void> {
    this.stopAsked.abort();
    this.stopped ??= this.stopInOrder();
    return this.stopped;
  }

  private async stopInOrder(): Promise<void> {
    for (const order of [0, 1, 2]) await Promise.all(this.parts.filter((p) => p.order === order).map((p) => p.process.stop()));
  }

  /** Ends services and NATS at once, while `stop` waits for them. PostgreSQL is left to end cleanly: it never takes long without clients. */
  hurry(): void {
    for (const { order, process } of this.parts) if (order < 2) process.kill();
  }

  /** The process of a part that runs. @throws StartError for an unknown name. */
  pidOf(name: string): number | undefined {
    const part = this.parts.find((p) => p.process.name === name);
    if (!part) throw new StartError('local.no_part', `There is no part ${name} in this house.`);
    return part.process.pid;
  }
}
