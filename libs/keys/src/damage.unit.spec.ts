import { createHash } from 'node:crypto';
import { StoreUnavailable } from '@dr/storage';
import { FaultyStore, MemoryStore, plannedFaults } from '@dr/storage/faults';
import fc from 'fast-check';
import { KeyDamaged, KeyFormatTooNew, KeyMissing, KeysMissing, NoUsableWrap, openKeys, WrongPassphrase } from './index.ts';
import { type KeysUnderTest, keysWith, newKeys, tamper, withPassphrase } from './testing/key-fixtures.ts';

/** A key object's bytes with the closing checksum made right again: what somebody with a plan, not a failing disk, would write. */
function resealed(bytes: Buffer): Buffer {
  createHash('sha256')
    .update(bytes.subarray(0, -32))
    .digest()
    .copy(bytes, bytes.length - 32);
  return bytes;
}

function changed(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}

interface Damage {
  kind: 'flip' | 'drop' | 'append' | 'cut' | 'empty';
  where: number;
  value: number;
}

const damages: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('flip', 'drop', 'append', 'cut', 'empty'),
  where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  value: fc.integer({ min: 1, max: 255 }),
});

function apply({ kind, where, value }: Damage, bytes: Buffer): Buffer {
  const at = Math.floor(where * bytes.length);
  if (kind === 'flip') return changed(bytes, at, bytes[at]! ^ value);
  if (kind === 'drop') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  if (kind === 'append') return Buffer.concat([bytes, Buffer.of(value)]);
  return kind === 'cut' ? bytes.subarray(0, at) : Buffer.alloc(0);
}

async function withTenants(): Promise<KeysUnderTest & { names: string[]; copies: Map<string, Buffer> }> {
  const keys = await keysWith(['acme', 'b']);
  const names = [...keys.store.objects.keys()].filter((key) => key.startsWith('keys/')).map((key) => key.slice('keys/'.length));
  return { ...keys, names, copies: new Map([...keys.store.objects].map(([key, { bytes }]) => [key, Buffer.from(bytes)])) };
}

test('a tenant whose keys are damaged in both copies is told of where tenants are listed, and hides no other', async () => {
  const { store, reopen } = await keysWith(['acme', 'b']);
  const ring = await reopen();
  const tag = ring.tenantTag('acme');
  for (const folder of ['keys', 'keys2']) tamper(store, `${folder}/t/${tag}/1`, () => Buffer.from('junk'));
  const told: KeyDamaged[] = [];
  expect((await ring.tenants({ onDamaged: (error) => told.push(error) })).map(({ name }) => name)).toEqual(['b']);
  expect(told).toEqual([expect.any(KeyDamaged)]);
  expect(told[0]!.message).toContain(`keys2/t/${tag}/1`);
});

describe('any flipped, dropped or appended byte in any key object', () => {
  test('in one copy: is found and named by check, and everything still opens from the other', async () => {
    const { store, reopen, copies } = await withTenants();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...copies.keys()), damages, async (object, damage) => {
        tamper(store, object, (bytes) => apply(damage, bytes));
        const ring = await reopen();
        expect((await ring.check()).map((finding) => finding.object)).toEqual([object]);
        expect((await ring.tenants()).map(({ name }) => name)).toEqual(['acme', 'b']);
        expect(await ring.tenantKeys('acme')).toBeDefined();
        if (object.startsWith('keys/')) expect(ring.findings.map((finding) => finding.object)).toEqual([object]);
        tamper(store, object, () => copies.get(object)!);
      }),
      { numRuns: 150 },
    );
  });

  test('in both copies: is an error that names both, or leaves the other tenants alone', async () => {
    const { store, ring, reopen, names, copies } = await withTenants();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), damages, damages, async (name, one, two) => {
        const objects = [`keys/${name}`, `keys2/${name}`];
        tamper(store, objects[0]!, (bytes) => apply(one, bytes));
        tamper(store, objects[1]!, (bytes) => apply(two, bytes));
        const opened = await reopen().catch((error) => error);
        if (name.startsWith('m/')) {
          expect(opened).toBeInstanceOf(KeyDamaged);
          expect(opened.objects).toEqual(objects);
        } else {
          const [hit, whole] = name.includes(ring.tenantTag('b')) ? ['b', 'acme'] : ['acme', 'b'];
          await expect(opened.tenantKeys(hit)).rejects.toMatchObject({ code: 'keys.damaged', objects });
          expect((await opened.tenants()).map((tenant: { name: string }) => tenant.name)).toEqual([whole]);
          expect(opened.findings.map((finding: { object: string }) => finding.object)).toEqual(objects);
        }
        for (const object of objects) tamper(store, object, () => copies.get(object)!);
      }),
      { numRuns: 150 },
    );
  });

  test('never throws anything but a typed error, whatever stands there', async () => {
    const { store, reopen, names } = await withTenants();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (name, junk, sealed) => {
        const bytes = Buffer.concat([
          Buffer.from('TDRK\x01', 'latin1'),
          Buffer.of(name.startsWith('m') ? 1 : 2, 0, 0),
          junk,
          Buffer.alloc(32),
        ]);
        const both = sealed ? resealed(bytes) : bytes;
        const before = ['keys', 'keys2'].map((folder) => Buffer.from(store.objects.get(`${folder}/${name}`)!.bytes));
        for (const folder of ['keys', 'keys2']) tamper(store, `${folder}/${name}`, () => both);
        const error = await reopen()
          .then((ring) => Promise.all([ring.tenantKeys('acme'), ring.tenantKeys('b')]))
          .then(() => undefined)
          .catch((cause) => cause);
        expect(error?.code).toMatch(/^keys\./);
        for (const [i, folder] of ['keys', 'keys2'].entries()) tamper(store, `${folder}/${name}`, () => before[i]!);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a missing key object', () => {
  test('in one folder is told of, and the other copy serves', async () => {
    const { store, ring, reopen } = await keysWith(['acme']);
    store.objects.delete('keys/m/1-passphrase');
    store.objects.delete(`keys2/t/${ring.tenantTag('acme')}/1`);
    const again = await reopen();
    expect(again.findings).toEqual([
      { object: 'keys/m/1-passphrase', kind: 'missing', message: expect.stringContaining('Copy that one to its place') },
    ]);
    expect(await again.tenantKeys('acme')).toBeDefined();
    expect((await again.check()).map(({ object, kind }) => [object, kind])).toEqual([
      ['keys/m/1-passphrase', 'missing'],
      [`keys2/t/${ring.tenantTag('acme')}/1`, 'missing'],
    ]);
  });

  test('of one tenant is not told to another', async () => {
    const { store, ring, reopen } = await keysWith(['acme', 'globex']);
    const lost = `keys/t/${ring.tenantTag('globex')}/1`;
    store.objects.delete(lost);
    const again = await reopen();
    expect(await again.check({ tag: ring.tenantTag('acme') })).toEqual([]);
    expect((await again.check({ tag: ring.tenantTag('globex') })).map(({ object }) => object)).toEqual([lost]);
  });

  test('in both folders: no keys at all', async () => {
    await expect(openKeys(new MemoryStore(), { unlock: withPassphrase() })).rejects.toThrow(KeysMissing);
  });
});

describe('a format or protection of a later version', () => {
  test('asks for an upgrade, and is not called damage', async () => {
    const { store, ring, reopen } = await keysWith(['acme']);
    for (const folder of ['keys', 'keys2'])
      tamper(store, `${folder}/t/${ring.tenantTag('acme')}/1`, (bytes) => resealed(changed(bytes, 4, 2)));
    await expect((await reopen()).tenantKeys('acme')).rejects.toThrow(KeyFormatTooNew);
    tamper(store, 'keys/m/1-passphrase', (bytes) => resealed(changed(bytes, 4, 9)));
    await expect(reopen()).rejects.toThrow(/keys\/m\/1-passphrase has key format 9, and this version reads up to 1/);
  });

  test('a flipped version byte is damage, not a later version', async () => {
    const { store, reopen } = await keysWith();
    tamper(store, 'keys/m/1-passphrase', (bytes) => changed(bytes, 4, 9));
    expect((await reopen()).findings).toMatchObject([{ object: 'keys/m/1-passphrase', kind: 'damaged' }]);
  });

  test('an unknown protection cannot be used', async () => {
    const { store, reopen } = await keysWith();
    for (const folder of ['keys', 'keys2']) tamper(store, `${folder}/m/1-passphrase`, (bytes) => resealed(changed(bytes, 8, 7)));
    await expect(reopen()).rejects.toThrow(NoUsableWrap);
  });
});

describe('a forged wrap', () => {
  test('that asks for more memory than the ceiling is refused before argon2 runs', async () => {
    const { store, reopen } = await keysWith();
    const started = performance.now();
    for (const folder of ['keys', 'keys2']) tamper(store, `${folder}/m/1-passphrase`, (bytes) => resealed(changed(bytes, 32, 0x7f)));
    await expect(reopen()).rejects.toMatchObject({ code: 'keys.damaged', message: expect.stringContaining('beyond the ceiling') });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('cannot move to another epoch, repository or cost', async () => {
    const { store, reopen } = await keysWith();
    const original = Buffer.from(store.objects.get('keys/m/1-passphrase')!.bytes);
    for (const at of [12, 27, 35, 39, 43, 44, 60, 72, 100]) {
      for (const folder of ['keys', 'keys2'])
        tamper(store, `${folder}/m/1-passphrase`, () => resealed(changed(Buffer.from(original), at, original[at]! ^ 2)));
      const error = await reopen().catch((cause) => cause);
      expect([WrongPassphrase, KeyDamaged].some((type) => error instanceof type)).toBe(true);
    }
  });

  test('in the first place does not hide the true one in the second', async () => {
    const { store, reopen } = await keysWith();
    tamper(store, 'keys/m/1-passphrase', (bytes) => resealed(changed(bytes, 80, bytes[80]! ^ 1)));
    expect((await reopen()).findings).toMatchObject([
      { object: 'keys/m/1-passphrase', kind: 'damaged', message: expect.stringContaining('its other copy does') },
    ]);
  });

  test('without protection is not used beside a protected one', async () => {
    const { store, ring, reopen } = await keysWith();
    const attacker = new MemoryStore();
    await newKeys(attacker, { encryption: false });
    for (const folder of ['keys', 'keys2']) store.objects.set(`${folder}/m/1-unprotected`, attacker.objects.get('keys/m/1-unprotected')!);
    const again = await reopen();
    expect(again.protection).toBe('passphrase');
    expect(again.systemKey).toEqual(ring.systemKey);
    expect(again.findings).toMatchObject([{ object: 'keys/m/1-unprotected', kind: 'suspicious' }]);
  });
});

describe('tenant keys', () => {
  test('put under another name are not taken', async () => {
    const { store, ring, reopen } = await keysWith(['acme', 'b']);
    const theirs = Buffer.from(store.objects.get(`keys/t/${ring.tenantTag('b')}/1`)!.bytes);
    for (const folder of ['keys', 'keys2']) tamper(store, `${folder}/t/${ring.tenantTag('acme')}/1`, () => theirs);
    await expect((await reopen()).tenantKeys('acme')).rejects.toThrow(KeyDamaged);
    const copied = { modifiedAtMs: 0, bytes: theirs };
    store.objects.set(`keys/t/${ring.tenantTag('b')}/2`, copied);
    await expect((await reopen()).tenantKeys('b')).rejects.toThrow(KeyDamaged);
  });

  test('of an old epoch that are damaged cost that epoch only', async () => {
    const { store, ring, reopen } = await keysWith(['acme']);
    store.objects.set(`keys/t/${ring.tenantTag('acme')}/0`, { modifiedAtMs: 0, bytes: Buffer.from('junk') });
    const keys = await (await reopen()).tenantKeys('acme');
    expect(keys!.epoch).toBe(1);
    expect(() => keys!.dataKey(0)).toThrow(KeyMissing);
  });
});

describe('a store that cannot be read', () => {
  test('for one copy is no reason to stop', async () => {
    const { store } = await keysWith();
    const failing = new FaultyStore(store, plannedFaults({ kind: 'fail', on: 'read', key: /^keys\/m/, times: 2 }));
    const ring = await openKeys(failing, { unlock: withPassphrase() });
    expect(ring.findings).toMatchObject([{ object: 'keys/m/1-passphrase', kind: 'unreadable' }]);
  });

  test("for both is the store's error, not damage or a wrong passphrase", async () => {
    const { store } = await keysWith();
    const failing = new FaultyStore(store, plannedFaults({ kind: 'fail', on: 'read', times: 99 }));
    await expect(openKeys(failing, { unlock: withPassphrase() })).rejects.toThrow(StoreUnavailable);
    const unlisted = new FaultyStore(store, plannedFaults({ kind: 'fail', on: 'list' }));
    await expect(openKeys(unlisted, { unlock: withPassphrase() })).rejects.toThrow(StoreUnavailable);
  });
});
