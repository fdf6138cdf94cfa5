import { runMeasured } from './run-measured.ts';

const node = (script: string): [string, ...string[]] => [process.execPath, '-e', script];
const linux = process.platform === 'linux' ? test : test.skip;

linux('counts time, CPU and memory of a process and its children', async () => {
  const burn = 'while (process.cpuUsage().user < 300_000);';
  const hold = 'globalThis.kept = Buffer.alloc(120e6, 1); setTimeout(() => {}, 300);';
  const { cpuSeconds } = await runMeasured({ argv: node(burn) });
  expect(cpuSeconds).toBeGreaterThan(0.25);
  const both = `const { spawnSync } = require('node:child_process'); ${hold} spawnSync(process.execPath, ['-e', ${JSON.stringify(hold)}]);`;
  const { seconds, peakBytes } = await runMeasured({ argv: node(both) });
  expect(seconds).toBeGreaterThan(0.3);
  expect(peakBytes).toBeGreaterThan(240e6);
});

linux('a fork that has not begun its own program counts once', async () => {
  const script = "import os, time; kept = b'1' * 100_000_000; pid = os.fork(); time.sleep(0.3); pid and os.wait()";
  const { peakBytes } = await runMeasured({ argv: ['python3', '-c', script] });
  expect(peakBytes).toBeGreaterThan(100e6);
  expect(peakBytes).toBeLessThan(160e6);
});

test('gives the command its environment and folder', async () => {
  const script = "process.exit(process.env.BENCH_MARK === 'yes' && process.cwd() === '/' ? 0 : 3)";
  await runMeasured({ argv: node(script), env: { BENCH_MARK: 'yes' }, cwd: '/' });
});

test('a command that fails says what it said', async () => {
  await expect(runMeasured({ argv: node("console.error('no such repository'); process.exit(4)") })).rejects.toThrow(
    /ended with 4:\nno such repository/,
  );
  await expect(runMeasured({ argv: ['/no/such/program'] })).rejects.toThrow(/ENOENT/);
});
