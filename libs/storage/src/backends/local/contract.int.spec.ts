import { describeObjectStore } from '../../object-store.contract.ts';
import { openStore } from '../../open-store.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';

const folder = temporaryFolder();
describeObjectStore('The local backend', { open: () => openStore(folder), uri: () => `file://${folder}`, rounds: 6 });
