import type { TenantRepository } from '@dr/repository';
import type { NarrowStore } from './narrow-store.ts';

export const TINY = 'tiny';

/** Ids that sort before every real one. */
export const tinyId = (n: number): string => `backup_20200101_000000_${n.toString(16).padStart(8, '0')}`;

/** Makes backups FROM to TO of a data set of one file, each in a session of its own. @param store what the repository was opened on. */
export async function makeTinyBackups(tenant: TenantRepository, store: NarrowStore, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) {
    store.forget();
    await makeOne(tenant, n);
  }
}

async function makeOne(tenant: TenantRepository, n: number): Promise<void> {
  const session = await tenant.session(tinyId(n), { type: 'full' });
  const content = Buffer.alloc(600, `backup ${n} `);
  const identity = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };
  const files = (async function* () {
    yield [{ path: 'file', kind: 'file' as const, size: content.length, ...identity, content }];
  })();
  const { root, objects, bytes, newBytes } = await session.capture({ datasetId: TINY, root: '/', files });
  const datasets = [{ datasetId: TINY, format: 'opaque' as const, root, status: 'completed', objects, bytes, newBytes }];
  const manifest = { backupId: tinyId(n), tenant: tenant.tenant, type: 'full' as const, datasets, createdAtMs: n, expected: 1 };
  await session.commit(manifest);
  await session.close();
}
