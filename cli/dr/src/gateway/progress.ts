import { ApiProblem, GatewayUnreachable } from '../errors.ts';
import { bytes, counted, duration } from '../output/human.ts';
import { bar } from '../output/out.ts';
import type { OperationProgress } from '../resources.ts';
import type { ApiClient } from './api-client.ts';

/** How an operation stands, as a progress line shows it. */
interface Standing {
  id: string;
  status: string;
  progress?: OperationProgress | null;
}

interface Sample {
  at: number;
  bytes: number;
}

/** The rate is that of the last seconds, so that the remaining time follows what happens now. */
const WINDOW_MS = 15_000;

/** Makes the progress line of one operation, from GET /operations/{id}/progress where the gateway has it. */
export class ProgressLine {
  readonly #api: ApiClient;
  readonly #now: () => number;
  readonly #samples: Sample[] = [];
  #asks = true;

  constructor(api: ApiClient, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  async of(standing: Standing): Promise<string> {
    const live = this.#asks ? await this.#live(standing.id) : undefined;
    return progressLine(standing, { ...standing.progress, ...live }, this.#rateOf(live));
  }

  /** Progress is an extra: without it the line has data sets only. */
  async #live(id: string): Promise<OperationProgress | undefined> {
    try {
      return await this.#api.get<OperationProgress>(`/operations/${encodeURIComponent(id)}/progress`);
    } catch (error) {
      if (error instanceof ApiProblem && error.status < 500) this.#asks = false;
      else if (!(error instanceof ApiProblem || error instanceof GatewayUnreachable)) throw error;
      return undefined;
    }
  }

  /** Bytes per second: what the gateway says, else from what this line has seen. */
  #rateOf(live: OperationProgress | undefined): number | undefined {
    if (live?.bytes_done == null) return undefined;
    if (live.bytes_per_second != null) return live.bytes_per_second;
    const at = this.#now();
    this.#samples.push({ at, bytes: live.bytes_done });
    while (at - this.#samples[0]!.at > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    return at > first.at ? ((live.bytes_done - first.bytes) * 1000) / (at - first.at) : undefined;
  }
}

/** 'ID  [####----]  25 %  1.0 GiB of 4.0 GiB, 95 MiB/s, 32 s left, 1 of 3 data sets, running'. */
export function progressLine({ id, status }: Standing, progress: OperationProgress, rate: number | undefined): string {
  const { bytes_done, bytes_total, datasets_done = 0, datasets_total = 0 } = progress;
  const sets = `${datasets_done} of ${counted(datasets_total, 'data set')}, ${status}`;
  if (bytes_done == null || !bytes_total) return `${id}  ${bar(datasets_done, datasets_total)}  ${sets}`;
  const left = progress.eta_seconds ?? (rate ? Math.max(0, bytes_total - bytes_done) / rate : undefined);
  const speed = rate === undefined ? '' : `, ${bytes(Math.max(0, rate))}/s`;
  const eta = left === undefined || left === null ? '' : `, ${duration(left)} left`;
  return `${id}  ${bar(bytes_done, bytes_total)}  ${bytes(bytes_done)} of ${bytes(bytes_total)}${speed}${eta}, ${sets}`;
}
