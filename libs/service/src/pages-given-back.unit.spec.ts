import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PagesGivenBack } from './pages-given-back.ts';

const MiB = 1024 * 1024;

/** A process of so many MiB, of which a collection takes some ms and leaves so many. */
function processOf(after: number, takesMs = 10) {
  const state = { resident: 100, now: 0, collections: 0, after };
  const pages = new PagesGivenBack({
    resident: () => state.resident * MiB,
    clock: () => state.now,
    collect: () => {
      state.collections++;
      state.now += takesMs;
      state.resident = state.after;
    },
  });
  const look = (resident: number, now: number): number => {
    Object.assign(state, { resident, now });
    pages.look();
    return state.collections;
  };
  return { state, look };
}

describe('Pages are given back', () => {
  it('when a service has more than 200 MiB', () => {
    const { look, state } = processOf(150);
    expect([look(199, 0), look(201, 1), state.resident]).toEqual([0, 1, 150]);
  });

  it('again when 16 MiB more have come together than were left, and 50 times as long has passed as it took', () => {
    const { look } = processOf(250, 10);
    expect(look(260, 0)).toBe(1);
    expect([look(265, 1_000), look(270, 400), look(270, 1_001)]).toEqual([1, 1, 2]);
  });

  it('from where a service has come down to', () => {
    const { look } = processOf(400);
    expect([look(420, 0), look(220, 10_000), look(230, 10_001), look(237, 10_002)]).toEqual([1, 1, 1, 2]);
  });
});

it('a real heap goes back to the system', () => {
  const program = `
    const { startGivingPagesBack } = await import('${join(import.meta.dirname, 'pages-given-back.ts')}');
    let garbage = [];
    for (let i = 0; i < 1_500_000; i++) garbage.push({ i, more: [i, i + 1] });
    garbage = undefined;
    const before = process.memoryUsage.rss();
    startGivingPagesBack();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    console.log(JSON.stringify([before, process.memoryUsage.rss()].map((bytes) => Math.round(bytes / 1e6))));`;
  const { stdout } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  const [before, after] = JSON.parse(stdout) as [number, number];
  expect(before).toBeGreaterThan(200);
  expect(after).toBeLessThan(120);
});
