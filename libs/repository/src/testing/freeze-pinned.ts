/**
 * Makes the frozen repository with a snapshot: `node --conditions=dr-source freeze-pinned.ts FOLDER`. Run once; what it made is never made again, because
 * every later version must read exactly these bytes, and every version before refuses them.
 */
import { openStore } from '@dr/storage';
import { initRepository } from '../repository.ts';
import { bytesOf, GOLDEN_PASSPHRASE, goldenFiles, pinnedFiles } from './golden.ts';
import { kdf, manifestOf, NOW } from './opened.ts';

let drawn = 0;
const random = (bytes: number): Buffer => bytesOf(`pinned random ${drawn++}`, bytes);
const unlock = { passphrase: async () => GOLDEN_PASSPHRASE };
const store = await openStore(process.argv[2]!);
const repository = await initRepository(store, { unlock, kdf, random, now: () => NOW, workers: 1 });
const tenant = await repository.tenant('acme', { create: true });

const full = await tenant.session('backup_20261124_000000_00000001', { type: 'full' });
const base = await full.capture({ datasetId: 'articles', root: '/', files: [goldenFiles()] });
await full.commit(manifestOf('backup_20261124_000000_00000001', [base]));
await full.close();

const snapshot = await tenant.session('backup_20261124_000000_00000002', { type: 'snapshot' });
const tree = await snapshot.capture({ datasetId: 'articles', root: '/', files: [pinnedFiles()], bases: [base.root] });
const manifest = manifestOf('backup_20261124_000000_00000002', [tree], 'snapshot');
await snapshot.commit({ ...manifest, datasets: manifest.datasets.map((set) => ({ ...set, pinned: tree.pinned })) });
await snapshot.close();
await repository.close();
