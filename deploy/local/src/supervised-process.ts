/** One process of the house: started, watched until it is ready, started again when it dies, stopped on demand. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { recordProcess, type StopRule, signalGroup } from './process-record.ts';
import type { RotatingLog } from './rotating-log.ts';
import { StartError } from './start-error.ts';

export interface ProcessSpec {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string | undefined>;
  uid?: number;
  gid?: number;
  stop: StopRule;
  /** Asked again and again until it says true; without it the process says so itself by a JSON line with `msg` "ready" (or a `ready` field). */
  isReady?: () => Promise<boolean>;
}

export interface Surroundings {
  runFolder: string;
  log: RotatingLog;
  /** One line for the person at the terminal. */
  say: (line: string) => void;
  /** A process that is not ready by then counts as failed. */
  readyMsMax?: number;
  backoffMsMin?: number;
  backoffMsMax?: number;
}

/** Who was ready for so long is in no crash loop: its next death counts as its first. A job that kills its worker is given up after its tries. */
const calmMs = 2_000;

export class SupervisedProcess {
  readonly name: string;
  private readonly spec: ProcessSpec;
  private readonly around: Surroundings;
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private stopping = false;
  private wake: () => void = () => undefined;
  private failures = 0;
  private lastLines: string[] = [];

  constructor(spec: ProcessSpec, around: Surroundings) {
    this.name = spec.name;
    this.spec = spec;
    this.around = around;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts it and watches over it from then on. @throws StartError with its last words when it does not become ready this first time. */
  async start(): Promise<void> {
    const ready = await this.launch();
    if (ready) void this.watch();
    else await this.failFirstStart();
  }

  private async failFirstStart(): Promise<never> {
    await this.stop();
    throw new StartError(
      'local.not_ready',
      `${this.name} did not become ready. Its last lines:\n${this.lastLines.map((l) => `    ${l}`).join('\n')}\nAll of them are in ${this.around.log.file}.`,
    );
  }

  /** Asks it to end, kills it after its grace period; done when it is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    const { child } = this;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return this.ended;
    signalGroup(child.pid, this.spec.stop.signal);
    const killer = setTimeout(() => signalGroup(child.pid!, 'SIGKILL'), this.spec.stop.graceMs);
    await this.ended;
    clearTimeout(killer);
  }

  /** Ends it at once; for a second Ctrl-C. */
  kill(): void {
    this.stopping = true;
    if (this.child?.pid) signalGroup(this.child.pid, 'SIGKILL');
  }

  /** One life, up to readiness. @returns false when it ended or took too long. */
  private async launch(): Promise<boolean> {
    const { command, args, env, uid, gid } = this.spec;
    const child = spawn(command, args, { env, uid, gid, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.lastLines = [];
    const forget = child.pid ? recordProcess(this.around.runFolder, this.name, child.pid, this.spec.stop) : () => undefined;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => this.keep(`${this.spec.command}: ${error.message}`));
      child.once('close', () => {
        forget();
        resolve();
      });
    });
    return this.untilReady(child);
  }

  private untilReady(child: ChildProcess): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), this.around.readyMsMax ?? 60_000);
      const settle = (ready: boolean): void => {
        clearTimeout(timer);
        resolve(ready);
      };
      void this.ended.then(() => settle(false));
      for (const stream of [child.stdout!, child.stderr!]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.keep(line);
          if (saysReady(line)) settle(true);
          if (line.includes('"still_starting":true')) timer.refresh();
          const words = wordsIn(line);
          if (words) this.around.say(words);
        });
      }
      if (this.spec.isReady) void this.pollReady(child, settle);
    });
  }

  private async pollReady(child: ChildProcess, settle: (ready: boolean) => void): Promise<void> {
    while (child.exitCode === null && child.signalCode === null) {
      if (await this.spec.isReady!()) return settle(true);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  private keep(line: string): void {
    this.around.log.write(`${line}\n`);
    this.lastLines = [...this.lastLines.slice(-9), line.slice(0, 500)];
  }

  private async watch(): Promise<void> {
    for (;;) {
      const since = Date.now();
      await this.ended;
      if (this.stopping) return;
      this.failures = Date.now() - since > calmMs ? 1 : this.failures + 1;
      const waitMs = this.backoffMs();
      this.around.say(
        `${this.name} ended unexpectedly (${this.exitReason()}); starting it again in ${waitMs / 1000} s. Log: ${this.around.log.file}`,
      );
      await this.pause(waitMs);
      if (this.stopping) return;
      if (await this.launch()) this.around.say(`${this.name} is running again (process ${this.pid})`);
      else if (!this.stopping && this.pid) signalGroup(this.pid, 'SIGKILL');
    }
  }

  private backoffMs(): number {
    const { backoffMsMin = 500, backoffMsMax = 30_000 } = this.around;
    return Math.min(backoffMsMin * 2 ** (this.failures - 1), backoffMsMax);
  }

  private exitReason(): string {
    const { exitCode, signalCode } = this.child ?? {};
    return signalCode ? `signal ${signalCode}` : `exit code ${exitCode ?? 'unknown'}`;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function saysReady(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    const { msg, ready } = JSON.parse(line) as { msg?: unknown; ready?: unknown };
    return msg === 'ready' || typeof ready === 'string';
  } catch {
    return false;
  }
}

/** What a process wants the person at the terminal to know: the field `say` of a JSON line. */
function wordsIn(line: string): string | undefined {
  if (!line.startsWith('{') || !line.includes('"say":')) return undefined;
  try {
    const { say } = JSON.parse(line) as { say?: unknown };
    return typeof say === 'string' ? say : undefined;
  } catch {
    return undefined;
  }
}
