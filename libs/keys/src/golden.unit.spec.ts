import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MemoryStore } from '@dr/storage/faults';
import { createKeys, type KeyRing, openKeys, packKey } from './index.ts';
import { CHEAP, countedRandom, PASSPHRASE, REPOSITORY_ID, withPassphrase } from './testing/key-fixtures.ts';

/**
 * Bytes and keys of format 1, frozen. A repository written today must open for ever: this file is added to, never changed. If a test here fails, the code
 * is wrong, not the fixture.
 */
interface Golden {
  objects: Record<string, string>;
  derived: Record<string, string>;
}

const golden = JSON.parse(readFileSync(new URL('../fixtures/golden/keys-v1.json', import.meta.url), 'utf8')) as Golden;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const SALT = Buffer.alloc(32, 0xa5);
const TENANT = 'Grüße & co';

/** Everything that must come out the same, as text. */
async function derivedFrom(ring: KeyRing): Promise<Record<string, string>> {
  const keys = (await ring.tenantKeys(TENANT))!;
  const packOf = (kind: string, epoch: number) =>
    packKey(keys.dataKey(1), { salt: SALT, repositoryId: ring.repositoryId, tag: keys.tag, kind, epoch });
  return {
    tag: keys.tag,
    idKey: hex(keys.idKey),
    nameKey: hex(keys.nameKey),
    dataKey: hex(keys.dataKey(1)),
    systemKey: hex(ring.systemKey),
    mac: hex(ring.mac('dr1/repository', Buffer.from('{"version":1}'))),
    dataPackKey: hex(packOf('data', 1).key),
    dataPackCommitment: hex(packOf('data', 1).commitment),
    metaPackKey: hex(packOf('meta', 1).key),
    dataPackKeyEpoch2: hex(packOf('data', 2).key),
  };
}

async function created(encryption: boolean): Promise<{ store: MemoryStore; ring: KeyRing }> {
  const store = new MemoryStore();
  const options = { repositoryId: REPOSITORY_ID, unlock: withPassphrase(), kdf: CHEAP, random: countedRandom(), encryption };
  const ring = await createKeys(store, options);
  await ring.tenantKeys(TENANT, { create: true });
  return { store, ring };
}

const objectsOf = ({ objects }: MemoryStore): Record<string, string> =>
  Object.fromEntries([...objects].map(([key, { bytes }]) => [key, hex(bytes)]));

function storeOf(objects: Record<string, string>): MemoryStore {
  return new MemoryStore({
    objects: new Map(Object.entries(objects).map(([key, bytes]) => [key, { bytes: Buffer.from(bytes, 'hex'), modifiedAtMs: 0 }])),
  });
}

test('the frozen objects open, and give the frozen keys', async () => {
  const ring = await openKeys(storeOf(golden.objects), { repositoryId: REPOSITORY_ID, unlock: withPassphrase() });
  expect(await derivedFrom(ring)).toEqual(golden.derived);
  expect(await ring.tenants()).toEqual([{ name: TENANT, tag: golden.derived['tag'] }]);
  expect(await ring.check()).toEqual([]);
});

test('the same random bytes give the frozen objects', async () => {
  const { store, ring } = await created(true);
  expect(objectsOf(store)).toEqual(golden.objects);
  expect(await derivedFrom(ring)).toEqual(golden.derived);
});

test('an unprotected repository has the frozen unprotected wrap and the same master key', async () => {
  const frozen = JSON.parse(readFileSync(new URL('../fixtures/golden/keys-v1-unprotected.json', import.meta.url), 'utf8')) as Golden;
  const { store, ring } = await created(false);
  expect(objectsOf(store)).toEqual(frozen.objects);
  expect(ring.systemKey).toEqual(Buffer.from(golden.derived['systemKey']!, 'hex'));
});

test('the passphrase that froze them is the one in this folder', () => {
  expect(PASSPHRASE).toBe('correct horse battery staple');
});

describe('the derivations, done again from their description', () => {
  /** RFC 5869 with nothing but HMAC. */
  function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
    const pseudoRandom = createHmac('sha256', salt).update(secret).digest();
    const blocks: Buffer[] = [];
    for (let i = 1; blocks.length * 32 < length; i++) {
      blocks.push(
        createHmac('sha256', pseudoRandom)
          .update(Buffer.concat([blocks.at(-1) ?? Buffer.alloc(0), info, Buffer.of(i)]))
          .digest(),
      );
    }
    return Buffer.concat(blocks).subarray(0, length);
  }

  test('pack key and commitment: HKDF(data key, salt, "dr1/pack" ‖ repository id ‖ tag ‖ kind ‖ epoch), 64 bytes', () => {
    const { tag, dataKey } = golden.derived as { tag: string; dataKey: string };
    const info = Buffer.concat([
      Buffer.from('dr1/pack'),
      Buffer.from(REPOSITORY_ID, 'hex'),
      Buffer.from(tag, 'hex'),
      Buffer.from('data'),
      Buffer.of(0, 0, 0, 1),
    ]);
    const both = hkdf(Buffer.from(dataKey, 'hex'), SALT, info, 64);
    expect([golden.derived['dataPackKey'], golden.derived['dataPackCommitment']]).toEqual([
      hex(both.subarray(0, 32)),
      hex(both.subarray(32)),
    ]);
  });

  test('tag, MAC and system key: from the first master key by HKDF with the repository id as salt', () => {
    const master = Buffer.from(unprotectedMaster(), 'hex');
    const derive = (label: string): Buffer => hkdf(master, Buffer.from(REPOSITORY_ID, 'hex'), Buffer.from(label), 32);
    expect(golden.derived['systemKey']).toBe(hex(derive('dr1/system')));
    expect(golden.derived['tag']).toBe(createHmac('sha256', derive('dr1/name')).update(TENANT).digest('hex').slice(0, 32));
    expect(golden.derived['mac']).toBe(createHmac('sha256', derive('dr1/mac')).update('dr1/repository\0{"version":1}').digest('hex'));
    expect(golden.derived['nameKey']).toBe(
      hex(hkdf(Buffer.from(golden.derived['idKey']!, 'hex'), Buffer.from(REPOSITORY_ID, 'hex'), Buffer.from('dr1/path'), 32)),
    );
  });

  /** 'TDRK', version 1, kind 1, 0 0, protection 0, 0 0 0, repository id, epoch 1, then the key itself. */
  function unprotectedMaster(): string {
    const frozen = JSON.parse(readFileSync(new URL('../fixtures/golden/keys-v1-unprotected.json', import.meta.url), 'utf8')) as Golden;
    const wrap = frozen.objects['keys/m/1-unprotected']!;
    expect(wrap.slice(0, 64)).toBe(`5444524b01010000${'00000000'}${REPOSITORY_ID}00000001`);
    return wrap.slice(64, 128);
  }
});
