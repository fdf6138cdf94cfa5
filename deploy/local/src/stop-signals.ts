import { Socket } from 'node:net';

export interface StopHandlers {
  /** First signal. */
  stop: () => void;
  /** A later one, more than `sameSignalMs` after the first. */
  hurry: () => void;
  now: () => number;
}

/** npm, the shell and the terminal each pass a Ctrl-C on: what arrives this close together is one. */
export const sameSignalMs = 2000;

/** @returns what to call for every signal. */
export function signalCounter({ stop, hurry, now }: StopHandlers): () => void {
  let counted: number | undefined;
  return () => {
    if (counted !== undefined && now() - counted < sameSignalMs) return;
    const isFirst = counted === undefined;
    counted = now();
    if (isFirst) stop();
    else hurry();
  };
}

/** SIGINT, SIGTERM and SIGHUP, and the death of the process that started us (it holds the other end of `lifelineFd`). */
export function onStopSignals(handlers: StopHandlers, lifelineFd?: string): void {
  const count = signalCounter(handlers);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, count);
  if (!lifelineFd) return;
  const lifeline = new Socket({ fd: Number(lifelineFd), readable: true, writable: false });
  lifeline.on('error', () => undefined);
  lifeline.once('close', count);
  lifeline.resume().unref();
}
