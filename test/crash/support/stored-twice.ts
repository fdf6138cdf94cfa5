import { randomBytes } from 'node:crypto';
import { loadConfig, readPassphrase } from '@dr/config';
import { openKeys } from '@dr/keys';
import { openStore } from '@dr/storage';
import { decodeDescription } from '../../../libs/repository/src/format/description.ts';
import { packOf } from '../../../libs/repository/src/format/object-names.ts';
import { readFooter } from '../../../libs/repository/src/session/found-packs.ts';
import { type TenantScope, tenantScope } from '../../../libs/repository/src/tenant-scope.ts';

export interface Stored {
  /** Pieces in all packs, whether an index names them or not. */
  pieces: number;
  /** Those that are in more than one pack, or twice in one, and what the further copies take. */
  twice: number;
  bytesTwice: number;
}

/** Looks into every pack of a tenant in a house's repository: what was stored is told by the packs alone. */
export async function storedPieces(home: string, tenant: string): Promise<Stored> {
  const config = loadConfig({ env: { DR_HOME: home } });
  const store = await openStore(config.repository.uri, { mode: 'read' });
  try {
    const ring = await openKeys(store, { unlock: { passphrase: () => readPassphrase(config.passphrase) } });
    const description = decodeDescription(ring, await store.read('repository.json'));
    const keys = (await ring.tenantKeys(tenant))!;
    return await counted(tenantScope({ store, ring, description, now: () => Date.now(), random: randomBytes }, keys));
  } finally {
    await store.close();
  }
}

async function counted(scope: TenantScope): Promise<Stored> {
  const seen = new Set<string>();
  const stored = { pieces: 0, twice: 0, bytesTwice: 0 };
  for await (const page of scope.store.list(scope.names.packs)) {
    for (const { key, size } of page) {
      const pack = packOf(key);
      if (!pack) continue;
      const { footer } = await readFooter(scope, { ...pack, size });
      for (const { id, length } of footer.entries) {
        const name = Buffer.from(id).toString('hex');
        stored.pieces += 1;
        if (seen.has(name)) [stored.twice, stored.bytesTwice] = [stored.twice + 1, stored.bytesTwice + length];
        seen.add(name);
      }
    }
  }
  return stored;
}
