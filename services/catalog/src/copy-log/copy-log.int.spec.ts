/** The process that keeps the log copies it: on a real PostgreSQL, a real bus and a repository on a disk. */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { logHead, type RememberedHeads, readLog } from '@dr/event-store';
import { HeadsMemory, RepositoryAccess, ServiceHealth } from '@dr/service';
import { type TestHouse, testHouse, until } from '../../../../libs/service/src/testing/test-house.ts';
import { KeepLog } from '../log/keep-log.ts';
import { migrations } from '../migrations.ts';
import { CopyLog } from './copy-log.ts';

let house: TestHouse;
let health: ServiceHealth;
let running: (CopyLog | KeepLog)[] = [];

beforeEach(async () => {
  house = await testHouse({ service: 'catalog', migrations });
}, 60_000);
afterEach(async () => {
  await stopped();
  await house.close();
});

async function started(): Promise<CopyLog> {
  health = new ServiceHealth(house);
  const copy = new CopyLog(house, health);
  running = [copy, new KeepLog(house, health, copy)];
  for (const part of running) part.onApplicationBootstrap();
  return copy;
}

async function stopped(): Promise<void> {
  for (const part of running.splice(0).reverse()) await part.onApplicationShutdown();
}

const repositoryFolder = () => fileURLToPath(house.config.repository.uri);
const segments = () => (existsSync(join(repositoryFolder(), 'log', '1')) ? readdirSync(join(repositoryFolder(), 'log', '1')).sort() : []);

/** What the archiver does at the first backup. */
async function makeRepository(): Promise<void> {
  const access = new RepositoryAccess({ config: house.config, mode: 'write', now: house.now });
  await access.open();
  await access.close();
}

let number = 0;
const meta = { tenant: 'acme', requestId: 'r', actor: 'spec' };
const happens = (type: string, data: object = {}) =>
  house.store.append(`backup-${++number}`, 0, [{ type, data }], { commandId: `c-${number}`, meta });
const backupEnds = () => happens('BackupCancelled');
const sealedTo = (position: number) => until(async () => (await logHead(house.database)).position >= position, `position ${position}`);
const problems = async () => (await health.report()).problems.filter((problem) => /^(log copy|sequencer)/.test(problem));

/** One backup, copied; the house is stopped then. */
async function aHouseWithACopy(): Promise<void> {
  await makeRepository();
  await started();
  await backupEnds();
  await until(() => segments().length === 1);
  await until(async () => (await heads().all())[0]?.position === 1);
  await stopped();
}

const heads = () => new HeadsMemory(house.database, join(house.config.home, 'remembered-heads.json'));

test('before there is a repository nothing is copied and none is made; then all of the log is', async () => {
  await started();
  await happens('BackupStarted');
  await sealedTo(1);
  expect(existsSync(repositoryFolder())).toBe(false);
  await makeRepository();
  await backupEnds();
  await until(() => segments().length === 1);
  expect(await problems()).toEqual([]);
  await happens('BackupStarted');
  await sealedTo(3);
  await backupEnds();
  await until(() => segments().length === 2, 'the copy after the next end');
  expect(segments()).toEqual(['0000000000000001', '0000000000000003']);
});

test('how far the copy has come is remembered in the database and in DR_HOME, and what is behind is told', async () => {
  await aHouseWithACopy();
  const copy = await started();
  await until(async () => (await copy.lag())?.head === 1);
  const [remembered] = await heads().all();
  expect(remembered).toMatchObject({ epoch: 1, position: 1, hash: (await logHead(house.database)).hash, lacks: [], adoptions: 0 });
  await happens('BackupStarted');
  await sealedTo(2);
  expect(await copy.lag()).toMatchObject({ head: 2, behind: 1 });
});

test('an empty database with the repository of a lost house gets its log before anything is sealed', async () => {
  await aHouseWithACopy();
  const lost = house;
  house = await testHouse({ service: 'catalog', migrations });
  cpSync(fileURLToPath(lost.config.repository.uri), repositoryFolder(), { recursive: true });
  await backupEnds();
  await started();
  await sealedTo(3);
  expect((await readLog(house.database, 0, 9)).map(({ stream, type }) => (type === 'LogImported' ? type : stream)).sort()).toEqual(
    ['LogImported', `backup-${number - 1}`, `backup-${number}`].sort(),
  );
  expect((await readLog(house.database, 0, 1))[0]!.stream).toBe(`backup-${number - 1}`);
  expect(house.lines.map(({ message }) => message)).toContain('the database lacked events, which were taken from the repository');
  await lost.close();
});

test('a repository that cannot be opened keeps an empty log from being served, and a known one not', async () => {
  await aHouseWithACopy();
  renameSync(join(repositoryFolder(), 'keys'), join(repositoryFolder(), 'away'));
  renameSync(join(repositoryFolder(), 'keys2'), join(repositoryFolder(), 'away2'));
  await started();
  await happens('BackupStarted');
  await sealedTo(2);
  expect((await problems()).join()).toMatch(/log copy: /);
  await stopped();

  const lost = house;
  house = await testHouse({ service: 'catalog', migrations });
  mkdirSync(repositoryFolder());
  writeFileSync(join(repositoryFolder(), 'repository.json'), '{}');
  await started();
  await happens('BackupStarted');
  await until(async () => (await problems()).some((problem) => problem.startsWith('sequencer')), 'the sequencer to say why it waits');
  expect((await logHead(house.database)).position).toBe(0);
  rmSync(repositoryFolder(), { recursive: true });
  await sealedTo(1);
  await lost.close();
}, 60_000);

test('a repository that is gone is missed, and one that was set back is only read, until somebody accepts it', async () => {
  await aHouseWithACopy();
  const [early, gone] = [`${repositoryFolder()}-early`, `${repositoryFolder()}-gone`];
  cpSync(repositoryFolder(), early, { recursive: true });
  await started();
  await backupEnds();
  await until(() => segments().length === 2);
  await until(async () => (await heads().all())[0]?.position === 2);
  await stopped();

  renameSync(repositoryFolder(), gone);
  mkdirSync(repositoryFolder());
  await started();
  await until(async () => (await problems()).join().includes('There is no repository in'));
  expect(readdirSync(repositoryFolder())).toEqual([]);
  await stopped();

  rmSync(repositoryFolder(), { recursive: true });
  renameSync(early, repositoryFolder());
  await started();
  await until(async () => (await problems()).join().includes('shows less than has been seen'));
  await backupEnds();
  await sealedTo(3);
  expect(segments()).toHaveLength(1);
  expect((await heads().all())[0]).toMatchObject({ lacks: [expect.stringContaining('position 1')] } satisfies Partial<RememberedHeads>);
  await stopped();

  rmSync(repositoryFolder(), { recursive: true });
  renameSync(gone, repositoryFolder());
  await started();
  await until(() => segments().length === 3);
  expect(await problems()).toEqual([]);
  await until(async () => (await heads().all())[0]?.position === 3);
  expect((await heads().all())[0]).toMatchObject({ lacks: [] });
}, 60_000);

test('another house in the same repository is told of while both run, and after a restart this one goes on in an epoch of its own', async () => {
  await aHouseWithACopy();
  await started();
  await until(async () => (await heads().all())[0]?.position === 1);
  await backupEnds();
  await until(() => segments().length === 2);
  const access = new RepositoryAccess({ config: house.config, mode: 'extend', now: house.now });
  const log = await (await access.open()).log();
  const { hash } = await log.read({ epoch: 1, first: 2 });
  const theirs = Buffer.from('{"stream":"backup-theirs","version":1,"type":"BackupCancelled","data":{}}');
  await log.put({ epoch: 1, first: 3, previous: hash, bodies: [theirs] });
  await access.close();
  await backupEnds();
  await until(async () => (await problems()).join().includes('Another house writes its event log'), 'the other house to be noticed');
  expect(await heads().all()).toEqual([expect.objectContaining({ epoch: 1, position: 2, lacks: [] })]);
  await stopped();

  await started();
  await until(() => existsSync(join(repositoryFolder(), 'log', '2', '0000000000000003')), 'the first segment of the new epoch');
  await until(async () => (await problems()).length === 0);
  expect(segments()).toHaveLength(3);
  await sealedTo(4);
  expect((await readLog(house.database, 0, 9)).map(({ type }) => type)).toEqual([...Array(3).fill('BackupCancelled'), 'LogForked']);
}, 60_000);
