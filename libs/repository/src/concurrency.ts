/** Maps with at most `limit` calls at once, results in order. The first error ends it; calls that run are not waited for. */
export async function mapLimited<T, R>(items: readonly T[], limit: number, map: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await map(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}

/** Runs tasks one after the other, in the order they came. A failed task does not stop the next. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Runs so many tasks at once, in the order they came. */
export class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.take();
    try {
      return await task();
    } finally {
      this.leave();
    }
  }

  /** Waits for a place; `leave` gives it to the next. */
  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/** Runs tasks in the background, so many at once. After the first error no task is begun any more. */
export class Crew {
  readonly #places: Places;
  readonly #running = new Set<Promise<void>>();
  #failed: { cause: unknown } | undefined;

  constructor(places: number) {
    this.#places = new Places(places);
  }

  /** Waits for a place, begins the task and returns. @throws the first error of an earlier task. */
  async start(task: () => Promise<void>): Promise<void> {
    await this.#places.take();
    const run: Promise<void> = (this.#failed ? Promise.resolve() : task())
      .catch((cause: unknown) => {
        this.#failed ??= { cause };
      })
      .finally(() => {
        this.#running.delete(run);
        this.#places.leave();
      });
    this.#running.add(run);
    this.check();
  }

  /** Waits for all tasks. @throws the first error. */
  async done(): Promise<void> {
    await this.settled();
    this.check();
  }

  /** Waits for all tasks, whatever became of them. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** @throws the first error so far. */
  check(): void {
    if (this.#failed) throw this.#failed.cause;
  }
}
