/** `restore latest --as-of` with nothing but a repository: which backup is taken, and what it is cut to. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { dr as drWith, type Ran } from '../testing/terminal.ts';

const OLD = 'backup_20260101_000000_0a1b2c3d';
const MIDDLE = 'backup_20260110_000000_0a1b2c3d';
const NEW = 'backup_20260120_000000_0a1b2c3d';
const FIRST = 'firstdbf9474d461a19e9333c2fd19b46115348f';

/** A v3 data set without tensors, one commit at noon of each day of January 2026 that is given, and a head. */
function committedOn(...days: number[]): Record<string, string> {
  const ids = [FIRST, ...days.map((day) => String(day).padStart(40, 'c'))];
  const node = (i: number) => ({
    branch: 'main',
    parent: ids[i - 1] ?? null,
    children: ids.slice(i + 1, i + 2),
    commit_message: days[i] === undefined ? null : `day ${days[i]}`,
    commit_time: days[i] === undefined ? null : Date.UTC(2026, 0, days[i], 12) / 1000,
    commit_user_name: null,
  });
  const commits = Object.fromEntries(ids.map((id, i) => [id, node(i)]));
  const folders = ids.map((id) => (id === FIRST ? '' : `versions/${id}/`));
  const metas = folders.map((folder) => [`${folder}dataset_meta.json`, '{"tensors": [], "tensor_names": {}}']);
  return { 'version_control_info.json': JSON.stringify({ commits, branches: { main: ids.at(-1) } }), ...Object.fromEntries(metas) };
}

let repo: string;
beforeAll(async () => {
  const v3 = { format: 'v3' as const };
  const about = { papers: v3, young: v3 };
  repo = await repositoryWith([
    { tenant: 'acme', backupId: OLD, datasets: { papers: committedOn(1) }, about },
    { tenant: 'acme', backupId: MIDDLE, datasets: { papers: committedOn(1, 5, 9) }, about },
    { tenant: 'acme', backupId: NEW, datasets: { papers: committedOn(1, 5, 9, 15), young: committedOn(14) }, about },
    { tenant: 'plain', backupId: 'backup_20260102_000000_0a1b2c3d', datasets: { files: { f: 'early' } } },
    { tenant: 'plain', backupId: 'backup_20260112_000000_0a1b2c3d', datasets: { files: { f: 'late' } } },
  ]);
});
afterAll(removeFolders);

async function restore(asOf: string, ...more: string[]): Promise<{ ran: Ran; target: string; commits: string[] }> {
  const target = temporaryFolder();
  const argv = [
    '--repo',
    repo,
    'restore',
    'latest',
    '--as-of',
    asOf,
    '--target',
    target,
    ...(more.length > 0 ? more : ['--tenant-id', 'acme']),
  ];
  const ran = await drWith(argv, { env: { BACKUP_PASSPHRASE: PASSPHRASE } });
  const tree = join(target, 'acme/papers/version_control_info.json');
  const nodes: { commit_message: string | null }[] = existsSync(tree) ? Object.values(JSON.parse(readFileSync(tree, 'utf8')).commits) : [];
  return { ran, target, commits: nodes.flatMap(({ commit_message }) => commit_message ?? []) };
}

test('the oldest backup from after the moment is cut to it', async () => {
  const { ran, commits } = await restore('2026-01-06T00:00:00Z');
  expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining(`${MIDDLE} is cut to 2026-01-06T00:00:00.000Z.`) });
  expect(commits).toEqual(['day 1', 'day 5']);
  expect((await restore('2026-01-09T12:00:00Z')).commits).toEqual(['day 1', 'day 5', 'day 9']);
});

test('a data set that began later is left out, unless it is named: then nothing gives it', async () => {
  const { ran, commits, target } = await restore('2026-01-13T00:00:00Z');
  expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('Left out, since it did not exist then: young.') });
  expect([commits, readdirSync(join(target, 'acme'))]).toEqual([['day 1', 'day 5', 'day 9'], ['papers']]);
  const named = await restore('2026-01-13T00:00:00Z', '--tenant-id', 'acme', '--dataset-ids', 'young');
  expect(named.ran).toMatchObject({ code: 5, stderr: expect.stringContaining('its first version is of 2026-01-14T12:00:00.000Z') });
  expect(readdirSync(named.target)).toEqual([]);
});

test('after the last backup the newest one is taken as it was captured', async () => {
  const { ran, commits } = await restore('2026-02-01T00:00:00Z');
  expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining(`${NEW} is taken as it was captured`) });
  expect(commits).toHaveLength(4);
});

test('a layout without versions comes from the newest backup before', async () => {
  const { ran, target } = await restore('2026-01-10T00:00:00Z', '--tenant-id', 'plain');
  expect([ran.code, readFileSync(join(target, 'plain/files/f'), 'utf8')]).toEqual([0, 'early']);
  const none = await restore('2026-01-01T00:00:00Z', '--tenant-id', 'plain');
  expect(none.ran).toMatchObject({ code: 5, stderr: expect.stringContaining('keeps no versions') });
});

test('before anything was committed nothing can be given, and a version beside it is one question too many', async () => {
  expect((await restore('2025-12-31T00:00:00Z')).ran).toMatchObject({ code: 5, stderr: expect.stringContaining('does not reach back') });
  expect((await restore('2026-01-06T00:00:00Z', '--tenant-id', 'acme', '--version', 'main')).ran.code).toBe(2);
});

test('a dry run says what it will be', async () => {
  const { ran, target } = await restore('2026-01-06T00:00:00Z', '--tenant-id', 'acme', '--dry-run');
  expect(ran.stdout).toContain('of branch main ("day 5"), committed 2026-01-05T12:00:00.000Z, 0 rows. Left out: 1 version');
  expect(readdirSync(target)).toEqual([]);
});

describe('diff', () => {
  const diff = (...argv: string[]) => drWith(['--repo', repo, 'diff', ...argv], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });

  test('says what became of each data set, in words and line by line in JSON', async () => {
    const ran = await diff(MIDDLE, NEW);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/papers +changed +3 /) });
    expect(ran.stdout).toContain('young');
    expect(ran.stdout).toContain('branch main changed, 1 commit, rows +0 ~0 -0');
    const lines = (await diff(MIDDLE, NEW, '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ dataset_id, change }) => [dataset_id, change])).toEqual([
      ['papers', 'changed'],
      ['young', 'added'],
    ]);
    expect((await diff(NEW, MIDDLE)).stdout).toMatch(/young +removed/);
  });

  test('lists the files of a data set that differ', async () => {
    const ran = await diff('backup_20260102_000000_0a1b2c3d', 'backup_20260112_000000_0a1b2c3d', '--dataset-id', 'files', '--files');
    expect(ran.stdout).toMatch(/changed +5 B +4 B +f/);
    expect((await diff(OLD, OLD, '--dataset-id', 'papers', '--files')).stderr).toContain('No file of it differs');
  });

  test.each([
    [[OLD, NEW, '--files'], 2, '--files goes with --dataset-id'],
    [[OLD, NEW, '--dataset-id', 'none'], 4, 'do not both hold data set none'],
    [[OLD, NEW, '--dataset-id', 'young', '--files'], 4, 'do not both hold data set young'],
    [[OLD, 'backup_20260102_000000_0a1b2c3d'], 5, 'backups of different tenants'],
    [[OLD, 'backup_20200101_000000_0a1b2c3d'], 4, 'no backup'],
  ] as const)('%j ends with %i', async (argv, code, words) => {
    expect(await diff(...argv)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) });
  });
});
