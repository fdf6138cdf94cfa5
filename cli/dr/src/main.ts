import { systemClock, systemEnvironment, systemFolder } from '@dr/config/system';
import { run } from './run.ts';

/** A terminal's Ctrl-C may arrive twice (once through npm); only one that comes later means "at once". */
const TWICE_MS = 2_000;

const stop = new AbortController();
let stoppedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted && systemClock() - stoppedAt > TWICE_MS) process.exit(130);
    if (!stop.signal.aborted) stoppedAt = systemClock();
    stop.abort();
  });
}
// `dr list | head`: the reader has gone, which is not our failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

/** On stderr, since stdout is the answer's. Only where a person sits. */
async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.once('SIGINT', () => stop.abort());
  try {
    return await terminal.question(question, { signal: stop.signal });
  } finally {
    terminal.close();
  }
}

const code = await run(process.argv.slice(2), {
  env: systemEnvironment(),
  folder: systemFolder(),
  now: systemClock,
  signal: stop.signal,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  columns: () => process.stderr.columns,
  ask,
});
// Idle connections would keep the process for seconds; what was written is flushed first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
