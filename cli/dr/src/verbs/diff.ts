import { UsageError } from '../errors.ts';
import { changesTable, fileChangesTable } from '../output/changes.ts';
import { flag, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const diff = verb({
  name: 'diff <id> <other>',
  summary: 'What became of data sets from one backup to another',
  about: [
    'Rows added, updated and deleted, columns, branches and tags as Deep Lake’s own logs and trees tell, and files. ID is the earlier backup.',
    'A data set that only one of them holds was added or removed. With --json one object a line.',
  ].join('\n'),
  offline: true,
  examples: [
    ['dr diff backup_20260130_120000_0a1b2c3d backup_20260131_120000_0a1b2c3d', 'every data set of either'],
    ['dr diff backup_20260130_120000_0a1b2c3d backup_20260131_120000_0a1b2c3d --dataset-id articles --files', 'the files that differ'],
  ],
  options: { datasetId: text('D', 'only this data set'), files: flag('list the files that differ (with --dataset-id)') },
  run: async ({ id, other, datasetId, files }, { desk, out }) => {
    if (files && datasetId === undefined)
      throw new UsageError('--files goes with --dataset-id: the files of one data set are listed.', 'diff');
    const on = await desk();
    const pages = files ? on.changedFiles(id, other, datasetId!) : on.changes(id, other, { datasetId });
    let told = 0;
    for await (const page of pages as AsyncIterable<readonly object[]>) {
      told += page.length;
      if (page.length > 0) out.line(out.json ? jsonLines(page) : files ? fileChangesTable(page as never) : changesTable(page as never));
    }
    if (told === 0) out.say(files ? 'No file of it differs.' : 'There is no data set in either.');
    return 0;
  },
});

const jsonLines = (page: readonly object[]): string => page.map((one) => JSON.stringify(one)).join('\n');
