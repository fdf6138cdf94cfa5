import { contentsTable } from '../output/backups.ts';
import type { ContentEntry } from '../resources.ts';
import { text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const contents = verb({
  name: 'contents <id> [path]',
  summary: 'List the files in a backup',
  about: 'PATH is below the data set: that file, or everything below that folder. With --json one object a line.',
  offline: true,
  examples: [
    ['dr contents backup_20260131_120000_0a1b2c3d', 'every file with its size and digest'],
    ['dr contents backup_20260131_120000_0a1b2c3d versions --dataset-id articles', 'one folder of one data set'],
  ],
  options: {
    datasetId: text('D', 'only this data set'),
    systemState: text('NAME', 'this item of system state instead of data sets (admin key of all tenants, or --repo)'),
  },
  run: async ({ id, path, datasetId, systemState }, { desk, out }) => {
    let files = 0;
    for await (const page of (await desk()).contents(id, { datasetId, systemState, path })) {
      files += page.length;
      if (page.length > 0) out.line(out.json ? jsonLines(page) : contentsTable(page));
    }
    if (files === 0) out.say('There is no such file in the backup.');
    return files === 0 ? 4 : 0;
  },
});

const jsonLines = (page: readonly ContentEntry[]): string => page.map((entry) => JSON.stringify(entry)).join('\n');
