import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectStore } from '@dr/storage';
import { FaultyStore, MemoryStore } from '@dr/storage/faults';
import type { Repository, TenantRepository } from '../api.ts';
import { folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { backUp, newRepository } from '../testing/opened.ts';

const CONTENT = randomBytes(3_500_000);
const TEXT = Buffer.alloc(40_000, 'text that shrinks ');

let store: FaultyStore & Required<Pick<ObjectStore, 'fileOf'>>;
let folder: string;
let repository: Repository;
let tenant: TenantRepository;
let root: string;
let packs: string[];

/** A store of which the packs are also files, and no read of it is needed as long as those can be read. */
beforeEach(async () => {
  const memory = new MemoryStore();
  folder = temporaryFolder();
  const fileOf = (key: string): string => join(folder, key.replaceAll('/', '_'));
  store = Object.assign(new FaultyStore(memory), { fileOf });
  repository = await newRepository(store);
  tenant = await repository.tenant('acme', { create: true });
  const { trees } = await backUp(tenant, 'backup_1', { set: folderOf({ 'a.bin': CONTENT, 'b.txt': TEXT }) });
  root = trees[0]!.root!;
  packs = [...memory.objects.keys()].filter((key) => key.includes('/packs/'));
  for (const key of packs) writeFileSync(fileOf(key), memory.objects.get(key)!.bytes);
  store.calls.length = 0;
});
afterEach(() => repository.close());
afterAll(removeFolders);

const dataPack = (): string => packs.find((key) => key.includes('/packs/data/'))!;
const fileOf = (key: string): string => store.fileOf(key)!;
/** Reads of a whole data pack, or of stretches of it. */
const storeReads = (): number => store.calls.filter(({ operation, key }) => operation === 'read' && key === dataPack()).length;

async function restored(): Promise<Buffer[]> {
  const target = join(temporaryFolder(), 'set');
  await tenant.restore(root, target);
  return ['a.bin', 'b.txt'].map((name) => readFileSync(join(target, name)));
}

describe('Packs that are files', () => {
  it('are read by the threads, not through the store', async () => {
    expect(await tenant.verify('backup_1', { level: 'full' })).toMatchObject({ ok: true, objects: 2, findings: [] });
    expect(await restored()).toEqual([CONTENT, TEXT]);
    expect(storeReads()).toBe(0);
  });

  it('are found damaged wherever a byte changed: header, records, footer, zeros, trailer', async () => {
    const good = readFileSync(fileOf(dataPack()));
    const inFooter = good.readUInt32LE(good.length - 12) + 5;
    for (const at of [0, 60, 111, 200, 1_500_000, inFooter, good.length - 17, good.length - 16, good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at]! ^= 4;
      writeFileSync(fileOf(dataPack()), bad);
      const { ok, findings } = await tenant.verify('backup_1', { level: 'full' });
      expect({ at, ok, found: findings.some(({ object, kind }) => object === dataPack() && kind === 'damaged') }).toEqual({
        at,
        ok: false,
        found: true,
      });
    }
  });

  it('are never restored damaged', async () => {
    const bad = readFileSync(fileOf(dataPack()));
    bad[1_500_000]! ^= 4;
    writeFileSync(fileOf(dataPack()), bad);
    await expect(restored()).rejects.toMatchObject({ code: 'repository.damaged' });
  });

  it('that cannot be opened are read from the store, which tells what is wrong', async () => {
    rmSync(fileOf(dataPack()));
    expect(await tenant.verify('backup_1', { level: 'full' })).toMatchObject({ ok: true, objects: 2 });
    expect(await restored()).toEqual([CONTENT, TEXT]);
    expect(storeReads()).toBeGreaterThan(0);
    await store.delete(dataPack());
    const { findings } = await tenant.verify('backup_1', { level: 'full' });
    expect(findings.map(({ kind }) => kind)).toContain('missing');
  });

  it('that end early are read on from the store, and each file is finished once', async () => {
    truncateSync(fileOf(dataPack()), 2_000_000);
    expect(await restored()).toEqual([CONTENT, TEXT]);
    expect(storeReads()).toBe(1);
    expect(await tenant.verify('backup_1', { level: 'full' })).toMatchObject({ ok: true, objects: 2, findings: [] });
  });

  describe('and a full that meets their pieces again', () => {
    const dataPacks = async (): Promise<number> => {
      let count = 0;
      for await (const page of store.list('')) count += page.filter(({ key }) => key.includes('/packs/data/')).length;
      return count;
    };
    const again = () => backUp(tenant, 'backup_2', { set: folderOf({ 'a.bin': CONTENT, 'b.txt': TEXT }) });

    it('counts on those that are whole', async () => {
      await again();
      expect(await dataPacks()).toBe(1);
    });

    it.each([
      ['damaged', (file: string) => writeFileSync(file, readFileSync(file).fill(0, 2_000_000, 2_000_001))],
      ['too short', (file: string) => truncateSync(file, 2_000_000)],
      ['away', (file: string) => rmSync(file)],
    ])('stores them anew where one is %s', async (_, damage) => {
      damage(fileOf(dataPack()));
      await again();
      expect(await dataPacks()).toBe(2);
    });
  });
});
