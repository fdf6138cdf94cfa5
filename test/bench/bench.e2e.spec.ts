import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command, Contestant, Place } from './contestant.ts';
import { tributary } from './contestants/tributary.ts';
import { runSequence, stepsOf } from './sequence.ts';

let work: string;
let sources: string[];

beforeAll(() => {
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --conditions=dr-source`;
  work = mkdtempSync(join(tmpdir(), 'dr-bench-e2e-'));
  sources = ['data', 'data1'].map((name) => join(work, name));
  mkdirSync(join(sources[0]!, 'acme', 'articles'), { recursive: true });
  writeFileSync(join(sources[0]!, 'acme/articles/vectors'), randomBytes(3_000_000));
  writeFileSync(join(sources[0]!, 'acme/articles/notes.json'), '{}');
  cpSync(sources[0]!, sources[1]!, { recursive: true });
  writeFileSync(join(sources[1]!, 'acme/articles/more'), randomBytes(200_000));
});
afterAll(() => rmSync(work, { recursive: true }));

/** An engine that copies: as much as a peer has to do. `forgets` leaves a file out when it restores. */
const copier = (forgets = false): Contestant => ({
  name: 'copier',
  version: '1',
  init: () => [],
  backUp: ({ repository }, source, n) => shell(`mkdir ${repository}/${n} && cp -r ${source}/. ${repository}/${n}`),
  restore: ({ repository }, _source, n, target) =>
    shell(`cp -r ${repository}/${n}/. ${target}${forgets ? ` && rm ${target}/acme/articles/more` : ''}`),
  restoredAt: (_source, target) => target,
  verify: ({ repository }: Place) => shell(`cat $(find ${repository} -type f) > /dev/null`),
});
const shell = (script: string): Command => ({ argv: ['sh', '-c', script] });
const options = () => ({ sources, rounds: 1, work, restMs: 0, say: () => {} });

test('our engine goes through the whole sequence, and what comes back is what was backed up', async () => {
  const samples = await runSequence({ ...options(), contestants: [tributary, copier()] });
  expect(samples.filter(({ contestant }) => contestant === 'tributary').map(({ step }) => step)).toEqual(stepsOf(sources));
  const ours = Object.fromEntries(samples.filter(({ contestant }) => contestant === 'tributary').map((one) => [one.step, one]));
  expect(ours['first']!.repositoryBytes).toBeGreaterThan(3_000_000);
  expect(ours['unchanged']!.repositoryBytes - ours['first']!.repositoryBytes).toBeLessThan(20_000);
  const added = ours['change 1']!.repositoryBytes - ours['unchanged']!.repositoryBytes;
  expect(added).toBeGreaterThan(200_000);
  expect(added).toBeLessThan(300_000);
  for (const { seconds } of samples) expect(seconds).toBeGreaterThan(0);
  expect(readdirSync(work).sort()).toEqual(['data', 'data1']);
}, 60_000);

test('an engine that restores something else is found out', async () => {
  await expect(runSequence({ ...options(), contestants: [copier(true)] })).rejects.toThrow(/restored 1 files wrong/);
}, 60_000);

test('the command explains itself, and measures what it is told to', () => {
  const bench = (...args: string[]) =>
    spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./bench.ts', import.meta.url)), ...args], {
      encoding: 'utf8',
    });
  expect(bench('--help').stdout).toContain('--source DIR');
  expect(bench().status).toBe(2);
  const { stdout, stderr } = bench('--source', sources[0]!, '--only', 'tributary', '--rounds', '1', '--work', work, '--json');
  const report = JSON.parse(stdout || stderr) as { figures: { step: string; seconds: number }[]; machine: { cores: number } };
  expect(report.figures.map(({ step }) => step)).toEqual(stepsOf([sources[0]!]));
  expect(report.machine.cores).toBeGreaterThan(0);
  expect(existsSync(join(work, 'source'))).toBe(false);
  expect(readFileSync(join(sources[0]!, 'acme/articles/notes.json'), 'utf8')).toBe('{}');
}, 60_000);
