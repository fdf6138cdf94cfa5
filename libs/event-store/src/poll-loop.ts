export interface PollLoopOptions {
  /** One round of work. True means that there is more to do at once. */
  round: () => Promise<boolean>;
  /** Wait between rounds when there is nothing to do; a nudge ends it early. */
  pollMs: number;
  /** Told of every failed round; the loop goes on after a growing wait (pollMs … 5 s) unless this returns 'stop'. */
  onError?: (error: unknown) => 'stop' | undefined;
}

const FAILURE_WAIT_MS_MAX = 5_000;

/** Runs rounds one after another, never two at once: woken by a nudge, else by the clock. */
export class PollLoop {
  private readonly options: PollLoopOptions;
  private running: Promise<void> | undefined;
  private stopping = false;
  private nudged = false;
  private wake: (() => void) | undefined;

  constructor(options: PollLoopOptions) {
    this.options = options;
  }

  start(): void {
    if (this.running) return;
    this.stopping = false;
    this.running = this.loop();
  }

  /** Makes the next round begin now, or directly after the present one. Cheap; call it as often as news come. */
  nudge(): void {
    this.nudged = true;
    this.wake?.();
  }

  /** Resolves when the present round has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake?.();
    await this.running;
    this.running = undefined;
  }

  private async loop(): Promise<void> {
    let failures = 0;
    while (!this.stopping) {
      this.nudged = false;
      try {
        const more = await this.options.round();
        failures = 0;
        if (!more) await this.pause(this.options.pollMs);
      } catch (error) {
        failures += 1;
        if (this.options.onError?.(error) === 'stop') return;
        await this.pause(Math.min(this.options.pollMs * 2 ** (failures - 1), FAILURE_WAIT_MS_MAX), { heedNudges: false });
      }
    }
  }

  private async pause(ms: number, { heedNudges = true } = {}): Promise<void> {
    if (this.stopping || (heedNudges && this.nudged)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        if (!heedNudges && !this.stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}
