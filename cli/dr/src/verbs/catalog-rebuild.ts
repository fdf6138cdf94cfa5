import type { Context } from '../context.ts';
import { Declined, UsageError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { counted } from '../output/human.ts';
import type { CopyReport } from '../resources.ts';
import { text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const catalogRebuild = verb({
  name: 'catalog rebuild',
  summary: 'After a total loss: see that everything the repository knows is back',
  about: [
    'A house that starts empty on a repository takes catalog, audit trail, statistics and keys back by itself, before it serves. This asks it to read the',
    "log's copy in the repository once more, checks its hash chain, and says what is there and what is lost: exit code 3 when something is. Without a",
    'running house it says how to start one. Needs an admin key of all tenants.',
  ].join('\n'),
  examples: [['dr catalog rebuild --from /mnt/backup/repository', 'the house runs with BACKUP_PATH=/mnt/backup/repository']],
  options: { from: text('URI', 'the repository: a path or file:// URI') },
  run: async ({ from }, context) => {
    if (from === undefined) throw new UsageError('catalog rebuild needs --from URI: the repository that the house runs on.');
    const report = await ask(from, context);
    context.out.answer(report, () => reportText(report));
    return report.unreadable.length > 0 || report.forks > 0 ? EXIT.partial : EXIT.ok;
  },
});

async function ask(from: string, { api }: Context): Promise<CopyReport> {
  try {
    return await (await api()).call<CopyReport>('POST', '/admin/catalog/rebuild', { body: { from } });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'cli.no_credentials' && code !== 'cli.gateway_unreachable') throw error;
    throw new Declined(howToStart(from, (error as Error).message));
  }
}

const howToStart = (from: string, why: string): string =>
  [
    `No house answers (${why}), so nothing was rebuilt. Start an empty one on the repository; it takes its past back by itself, then run this again:`,
    `  DR_HOME=<a new folder> BACKUP_PATH=${from.replace(/^file:\/\//, '')} BACKUP_PASSPHRASE_FILE=<its passphrase> npm start`,
    `Restores need no house: dr --repo ${from} --passphrase-file <its passphrase> restore latest --target <folder>`,
  ].join('\n');

function reportText(report: CopyReport): string {
  const { uri, repository_id, events, copied, behind, behind_ms, epoch, backups, recovered, imported, forks, unreadable } = report;
  if (repository_id === null) return `There is no repository in ${uri} yet; the first backup makes it.`;
  const lines = [
    `Repository    ${repository_id} in ${uri}`,
    `Event log     ${counted(events, 'event')}, ${copied} of them in the repository (epoch ${epoch})`,
    ...(behind > 0 ? [`Not copied    ${counted(behind, 'event')}, the oldest for ${Math.round(behind_ms / 1000)} s`] : []),
    `Came back     ${counted(imported, 'event')}`,
    `Backups       ${backups}${recovered > 0 ? `, ${recovered} of them recorded from what stands in the repository: who asked for them is not known` : ''}`,
    ...(forks > 0 ? [`Parted        ${forks} times: see dr events for LogForked`] : []),
    ...unreadable.map(({ object, from, to, reason }) => `UNREADABLE    ${object}, positions ${from} to ${to ?? 'its end'}: ${reason}`),
  ];
  return lines.join('\n');
}
