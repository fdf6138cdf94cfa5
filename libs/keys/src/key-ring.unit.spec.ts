import { StoreReadOnly, StoreUnavailable } from '@dr/storage';
import { FaultyStore, MemoryStore, plannedFaults } from '@dr/storage/faults';
import { BadPassphrase, BadTenantName, createKeys, KeyForeign, KeyMissing, openKeys, PassphraseNeeded, WrongPassphrase } from './index.ts';
import { CHEAP, keysWith, newKeys, PASSPHRASE, REPOSITORY_ID, tamper, withPassphrase } from './testing/key-fixtures.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a new repository', () => {
  test('has one wrap, in two copies, and opens with the passphrase', async () => {
    const { store, ring, reopen } = await keysWith();
    expect([...store.objects.keys()].sort()).toEqual(['keys/m/1-passphrase', 'keys2/m/1-passphrase']);
    const again = await reopen();
    expect(again).toMatchObject({ repositoryId: REPOSITORY_ID, protection: 'passphrase', epoch: 1, findings: [] });
    expect(again.systemKey).toEqual(ring.systemKey);
    expect(again.tenantTag('acme')).toBe(ring.tenantTag('acme'));
  });

  test('shows neither passphrase nor master key', async () => {
    const { store } = await keysWith(['acme corp']);
    const all = Buffer.concat([...store.objects.values()].map(({ bytes }) => bytes));
    expect(all.includes(PASSPHRASE)).toBe(false);
    expect(all.includes('acme')).toBe(false);
  });

  test('asks for the passphrase once, and needs one', async () => {
    let asked = 0;
    const passphrase = async (): Promise<string> => `p${++asked}`;
    await createKeys(new MemoryStore(), { repositoryId: REPOSITORY_ID, unlock: { passphrase }, kdf: CHEAP });
    expect(asked).toBe(1);
    await expect(createKeys(new MemoryStore(), { repositoryId: REPOSITORY_ID, unlock: {} })).rejects.toThrow(BadPassphrase);
    await expect(newKeys(new MemoryStore(), { passphrase: '' })).rejects.toThrow(BadPassphrase);
  });

  test('takes the real cost by default', async () => {
    const store = new MemoryStore();
    const started = performance.now();
    await createKeys(store, { repositoryId: REPOSITORY_ID, unlock: withPassphrase() });
    expect(performance.now() - started).toBeGreaterThan(50);
    const wrap = Buffer.from(store.objects.get('keys/m/1-passphrase')!.bytes);
    expect([wrap.readUInt32BE(32), wrap.readUInt32BE(36), wrap.readUInt32BE(40)]).toEqual([65_536, 3, 4]);
  });

  test('without encryption is the same format, and says loudly what it is', async () => {
    const { store, ring } = await keysWith(['acme'], { encryption: false });
    expect([...store.objects.keys()].filter((key) => key.includes('/m/')).sort()).toEqual([
      'keys/m/1-unprotected',
      'keys2/m/1-unprotected',
    ]);
    const again = await openKeys(store, { repositoryId: REPOSITORY_ID, unlock: {} });
    expect(again.protection).toBe('unprotected');
    expect((await again.tenantKeys('acme'))!.idKey).toEqual((await ring.tenantKeys('acme'))!.idKey);
  });

  test('is not made twice: the second creator opens what the first made', async () => {
    const store = new MemoryStore();
    const [one, two] = await Promise.all([newKeys(store), newKeys(store, { repositoryId: 'f'.repeat(32) })]);
    expect(one.systemKey).toEqual(two.systemKey);
    expect(one.repositoryId).toBe(two.repositoryId);
    await expect(newKeys(store, { passphrase: 'another' })).rejects.toThrow(WrongPassphrase);
    expect(store.objects.size).toBe(2);
  });

  test('survives a creator that died between the copies', async () => {
    const inner = new MemoryStore();
    const dying = new FaultyStore(inner, plannedFaults({ kind: 'fail', on: 'createIfAbsent', key: /^keys2/ }));
    await expect(newKeys(dying)).rejects.toThrow(StoreUnavailable);
    expect([...inner.objects.keys()]).toEqual(['keys/m/1-passphrase']);
    await newKeys(inner);
    expect(inner.objects.get('keys2/m/1-passphrase')!.bytes).toEqual(inner.objects.get('keys/m/1-passphrase')!.bytes);
  });
});

describe('a passphrase', () => {
  test('that is wrong, missing or empty is told apart', async () => {
    const { reopen } = await keysWith();
    await expect(reopen(withPassphrase('wrong'))).rejects.toThrow(WrongPassphrase);
    await expect(reopen({})).rejects.toThrow(PassphraseNeeded);
    await expect(reopen(withPassphrase(''))).rejects.toThrow(BadPassphrase);
    await expect(reopen(withPassphrase(`${PASSPHRASE} `))).rejects.toThrow(/does not open the repository at memory:\/\/test/);
  });

  test('counts in NFC: the same letters typed elsewhere open it', async () => {
    const store = new MemoryStore();
    await newKeys(store, { passphrase: 'caf\u00e9' });
    await expect(openKeys(store, { unlock: withPassphrase('cafe\u0301') })).resolves.toMatchObject({ protection: 'passphrase' });
  });

  test('whose source fails passes that failure on', async () => {
    const { reopen } = await keysWith();
    await expect(reopen({ passphrase: () => Promise.reject(new Error('no such file')) })).rejects.toThrow('no such file');
  });
});

describe('a tenant', () => {
  test('has keys once it was created, and the same ones ever after', async () => {
    const { ring, reopen } = await keysWith();
    expect(await ring.tenantKeys('acme')).toBeUndefined();
    const made = (await ring.tenantKeys('acme', { create: true }))!;
    const again = (await (await reopen()).tenantKeys('acme', { create: true }))!;
    expect(again).toMatchObject({ tenant: 'acme', epoch: 1, tag: made.tag, idKey: made.idKey, nameKey: made.nameKey });
    expect(again.dataKey(1)).toEqual(made.dataKey(1));
    expect(() => again.dataKey(2)).toThrow(KeyMissing);
  });

  test('shares no key with another one', async () => {
    const { ring } = await keysWith(['a', 'b']);
    const [a, b] = [(await ring.tenantKeys('a'))!, (await ring.tenantKeys('b'))!];
    const secrets = [a.idKey, a.nameKey, a.dataKey(1), b.idKey, b.nameKey, b.dataKey(1), ring.systemKey].map(hex);
    expect(new Set(secrets).size).toBe(7);
    expect(secrets.every((secret) => secret.length === 64)).toBe(true);
  });

  test('lies under a tag that only the key holder can compute', async () => {
    const { store, ring } = await keysWith(['acme']);
    const tag = ring.tenantTag('acme');
    expect(tag).toMatch(/^[0-9a-f]{32}$/);
    expect(ring.tenantTag('acmf')).not.toBe(tag);
    expect([...store.objects.keys()]).toEqual(expect.arrayContaining([`keys/t/${tag}/1`, `keys2/t/${tag}/1`]));
    const other = await newKeys(new MemoryStore());
    expect(other.tenantTag('acme')).not.toBe(tag);
  });

  test('can be found by a client that knows only the store and the passphrase', async () => {
    const { ring, reopen } = await keysWith(['zeta', 'acme', 'Ünïcode tenant', 'x'.repeat(1024)]);
    const found = await (await reopen()).tenants();
    expect(found.map(({ name }) => name)).toEqual(['acme', 'x'.repeat(1024), 'zeta', 'Ünïcode tenant']);
    expect(found.map(({ tag }) => tag)).toEqual(found.map(({ name }) => ring.tenantTag(name)));
  });

  test('has a name that hides its length up to 63 bytes', async () => {
    const { store, ring } = await keysWith(['a', 'b'.repeat(63), 'c'.repeat(64)]);
    const size = (tenant: string): number => store.objects.get(`keys/t/${ring.tenantTag(tenant)}/1`)!.bytes.length;
    expect(size('a')).toBe(size('b'.repeat(63)));
    expect(size('c'.repeat(64))).toBe(size('a') + 64);
  });

  test.each(['', 'a\0b', 'x'.repeat(1025)])('is not called %j', async (name) => {
    const { ring } = await keysWith();
    await expect(ring.tenantKeys(name, { create: true })).rejects.toThrow(BadTenantName);
  });

  test('created by many at once has one set of keys', async () => {
    const { store, reopen } = await keysWith();
    const rings = await Promise.all(Array.from({ length: 8 }, () => reopen()));
    const keys = await Promise.all(rings.map((ring) => ring.tenantKeys('acme', { create: true })));
    expect(new Set(keys.map((found) => hex(found!.idKey))).size).toBe(1);
    expect(new Set(keys.map((found) => hex(found!.dataKey(1)))).size).toBe(1);
    expect([...store.objects.keys()].filter((key) => key.includes('/t/'))).toHaveLength(2);
  });

  test('whose creator died between the copies gets the copy from the next one', async () => {
    const { store, reopen } = await keysWith(['acme']);
    const [copy] = [...store.objects.keys()].filter((key) => key.startsWith('keys2/t/'));
    const before = Buffer.from(store.objects.get(copy!)!.bytes);
    store.objects.delete(copy!);
    await (await reopen()).tenantKeys('acme');
    expect(store.objects.has(copy!)).toBe(false);
    await (await reopen()).tenantKeys('acme', { create: true });
    expect(store.objects.get(copy!)!.bytes).toEqual(before);
  });

  test('that lost its first copy is never given new keys', async () => {
    const { store, ring, reopen } = await keysWith(['acme']);
    const idKey = (await ring.tenantKeys('acme'))!.idKey;
    store.objects.delete(`keys/t/${ring.tenantTag('acme')}/1`);
    const again = await (await reopen()).tenantKeys('acme', { create: true });
    expect(again!.idKey).toEqual(idKey);
    expect(store.objects.has(`keys/t/${ring.tenantTag('acme')}/1`)).toBe(true);
  });

  test('is not created through a store that is read only', async () => {
    const { store } = await keysWith();
    const readOnly = new FaultyStore(store);
    readOnly.createIfAbsent = async () => Promise.reject(new StoreReadOnly('x'));
    const ring = await openKeys(readOnly, { unlock: withPassphrase() });
    await expect(ring.tenantKeys('acme', { create: true })).rejects.toThrow(StoreReadOnly);
  });
});

describe('mac and system keys', () => {
  test('depend on the repository, the label and every byte', async () => {
    const { ring, reopen } = await keysWith();
    const mac = hex(ring.mac('dr1/repository', Buffer.from('x')));
    expect(mac).toHaveLength(64);
    expect(hex((await reopen()).mac('dr1/repository', Buffer.from('x')))).toBe(mac);
    expect(hex(ring.mac('dr1/repository', Buffer.from('y')))).not.toBe(mac);
    expect(hex(ring.mac('dr1/repositor', Buffer.from('yx')))).not.toBe(mac);
    expect(hex((await newKeys(new MemoryStore())).mac('dr1/repository', Buffer.from('x')))).not.toBe(mac);
  });

  test('of an epoch that is not there are an error', async () => {
    const { ring } = await keysWith();
    expect(ring.systemKeyOf(1)).toEqual(ring.systemKey);
    expect(() => ring.systemKeyOf(2)).toThrow(KeyMissing);
    expect(() => ring.systemKeyOf(0)).toThrow(KeyMissing);
  });
});

describe('keys of another repository', () => {
  test('are refused as master keys', async () => {
    const { store } = await keysWith();
    await expect(openKeys(store, { repositoryId: 'f'.repeat(32), unlock: withPassphrase() })).rejects.toThrow(KeyForeign);
  });

  test('are refused as tenant keys, though the copies are whole', async () => {
    const { store, ring, reopen } = await keysWith(['acme']);
    const other = new MemoryStore();
    const foreign = await newKeys(other, { repositoryId: 'f'.repeat(32) });
    await foreign.tenantKeys('acme', { create: true });
    const theirs = other.objects.get(`keys/t/${foreign.tenantTag('acme')}/1`)!.bytes;
    tamper(store, `keys/t/${ring.tenantTag('acme')}/1`, () => theirs);
    await expect((await reopen()).tenantKeys('acme')).rejects.toThrow(KeyForeign);
    expect(await (await reopen()).check()).toMatchObject([{ object: `keys/t/${ring.tenantTag('acme')}/1`, kind: 'suspicious' }]);
  });
});
