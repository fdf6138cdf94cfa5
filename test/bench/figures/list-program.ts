import { openDatabase } from '@dr/event-store';
import { askCatalog, measureLists } from './list.ts';

/** The catalog's lists in a process of their own, which has the flags of a service: `list-program.ts DATABASE_URL TIMES` prints ListFigure[]. */
const [url, times] = process.argv.slice(2);
if (url === undefined || times === undefined) throw new Error('list-program.ts DATABASE_URL TIMES');
const database = await openDatabase({ url, applicationName: 'bench', poolMax: 2 });
try {
  process.stdout.write(JSON.stringify(await measureLists(askCatalog(database), Number(times))));
} finally {
  await database.destroy();
}
