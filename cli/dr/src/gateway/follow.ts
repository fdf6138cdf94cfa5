import type { Context } from '../context.ts';
import type { OperationProgress } from '../resources.ts';
import { ProgressLine } from './progress.ts';
import { untilEnded } from './wait.ts';

export interface Operation {
  status: string;
  progress?: OperationProgress | null;
}

/** Waits for the end of an operation and draws its progress, on a terminal. @throws as `untilEnded`. */
export async function follow<T extends Operation>(id: string, path: string, context: Context, isEnd?: (state: T) => boolean): Promise<T> {
  const { out, signal, machine } = context;
  const api = await context.api();
  const line = new ProgressLine(api, machine.now);
  const show = async ({ status, progress }: T): Promise<void> => {
    if (machine.isTerminal) out.progress(await line.of({ id, status, progress }));
  };
  return untilEnded<T>({ id, ask: () => api.get<T>(path), show, signal, out, now: machine.now, isEnd });
}
