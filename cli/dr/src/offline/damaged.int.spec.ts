/** A store that lost or changed something: every command says so, and shows what is left. */
import { readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { FIRST, OTHERS, SECOND, sampleRepository } from '../testing/sample-repository.ts';
import { dr as drWith, type Ran } from '../testing/terminal.ts';

let repo: string;
beforeAll(async () => {
  repo = await sampleRepository();
});
afterAll(removeFolders);

const _dr = (...argv: string[]): Promise<Ran> => drWith(['--repo', repo, ...argv], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });
const json = (ran: Ran) => JSON.parse(ran.stdout);

test('a commit that was removed is told of by list and verify: its traces are left, and silent for days', async () => {
  const robbed = await repositoryWith([
    { tenant: 'acme', backupId: FIRST, datasets: { a: { f: '1'.repeat(600) } } },
    { tenant: 'acme', backupId: SECOND, datasets: { a: { f: '2'.repeat(600) } } },
  ]);
  const names = readdirSync(robbed, { recursive: true }).map(String);
  rmSync(join(robbed, names.find((name) => name.endsWith(`backups/${SECOND}`))!));
  const days = Date.now() / 1000 - 3 * 86_400;
  for (const name of names.filter((each) => /\/(sessions|index)\//.test(each) && each.includes(SECOND)))
    utimesSync(join(robbed, name), days, days);
  const env = { BACKUP_PASSPHRASE: PASSPHRASE };
  const warning = new RegExp(`${SECOND} has 1 index segments.*commit was removed`);
  expect(await drWith(['--repo', robbed, 'list'], { env })).toMatchObject({ code: 0, stderr: expect.stringMatching(warning) });
  expect(await drWith(['--repo', robbed, 'verify', FIRST], { env })).toMatchObject({ code: 0, stdout: expect.stringMatching(warning) });
  expect(json(await drWith(['--repo', robbed, 'verify', FIRST, '--json'], { env })).warnings).toEqual([expect.stringMatching(warning)]);
});

describe('a damaged commit', () => {
  test('hides no other backup, and keeps latest from being guessed', async () => {
    const damaged = await repositoryWith([
      { tenant: 'acme', backupId: FIRST, datasets: { a: { f: '1' } } },
      { tenant: 'acme', backupId: SECOND, datasets: { a: { f: '2' } } },
    ]);
    const commit = readdirSync(damaged, { recursive: true })
      .map(String)
      .find((name) => name.endsWith(`backups/${SECOND}`))!;
    writeFileSync(join(damaged, commit), 'junk');
    const env = { BACKUP_PASSPHRASE: PASSPHRASE };
    const listed = await drWith(['--repo', damaged, 'list', '--json'], { env });
    expect(listed.code).toBe(3);
    expect(json(listed).backups.map((b: { backup_id: string }) => b.backup_id)).toEqual([FIRST]);
    expect(listed.stderr).toContain(commit);
    const latest = await drWith(['--repo', damaged, 'restore', 'latest', '--target', temporaryFolder()], { env });
    expect(latest).toMatchObject({ code: 5, stderr: expect.stringContaining('Name the one to restore') });
    expect((await drWith(['--repo', damaged, 'verify', '--all'], { env })).code).toBe(1);
  });
});

describe('keys of a tenant that are damaged in both copies', () => {
  const env = { BACKUP_PASSPHRASE: PASSPHRASE };
  let damaged: string;
  beforeAll(async () => {
    damaged = await repositoryWith([
      { tenant: 'acme', backupId: FIRST, datasets: { a: { f: '1' } } },
      { tenant: 'other', backupId: OTHERS, datasets: { b: { f: '2' } } },
    ]);
    const shown = JSON.parse((await drWith(['--repo', damaged, 'show', FIRST, '--json'], { env })).stdout);
    const tag = shown.storage_path.split('/')[1];
    for (const folder of ['keys', 'keys2']) writeFileSync(join(damaged, folder, 't', tag, '1'), 'junk');
  });

  test('are told of by list, which shows the others, with exit code 3', async () => {
    const ran = await drWith(['--repo', damaged, 'list', '--json'], { env });
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringMatching(/^Left out: .*keys2\/t\/[0-9a-f]{32}\/1/) });
    expect(json(ran).backups.map((b: { backup_id: string }) => b.backup_id)).toEqual([OTHERS]);
    expect(await drWith(['--repo', damaged, 'list', '--tenant-id', 'other'], { env })).toMatchObject({ code: 0, stderr: '' });
    expect(await drWith(['--repo', damaged, 'list', '--tenant-id', 'acme'], { env })).toMatchObject({ code: 1, stdout: '' });
  });

  test('leave the others restorable, and are named for a backup that may be theirs', async () => {
    expect((await drWith(['--repo', damaged, 'restore', OTHERS, '--target', temporaryFolder()], { env })).code).toBe(0);
    expect(await drWith(['--repo', damaged, 'show', FIRST], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('keys2/t/'),
    });
    const latest = await drWith(['--repo', damaged, 'restore', 'latest', '--target', temporaryFolder()], { env });
    expect(latest).toMatchObject({ code: 5, stderr: expect.stringContaining('Name the one to restore') });
  });
});
