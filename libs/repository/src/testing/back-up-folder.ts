/**
 * A process that backs a folder up and can be killed: `node back-up-folder.ts STORE FOLDER BACKUP`. Makes the repository if there is none. Prints a line
 * when it begins to capture and one with what it captured when it has committed.
 */
import { openStore } from '@dr/storage';
import { captureFiles } from './folders.ts';
import { manifestOf, newRepository, reopened } from './opened.ts';

const [uri, folder, backupId] = process.argv.slice(2) as [string, string, string];
const store = await openStore(uri);
const small = { memoryBytesMax: 60 * 1024 * 1024 };
const repository = (await store.stat('repository.json')) ? await reopened(store, 'write', small) : await newRepository(store, small);
const tenant = await repository.tenant('acme', { create: true });
const session = await tenant.session(backupId, { type: 'full' });
process.stdout.write('capturing\n');
const tree = await session.capture({ datasetId: 'set', root: folder, files: captureFiles(folder) });
await session.commit(manifestOf(backupId, [tree]));
process.stdout.write(`${JSON.stringify(tree)}\n`);
await session.close();
await repository.close();
