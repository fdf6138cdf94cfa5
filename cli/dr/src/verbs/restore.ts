import { UsageError } from '../errors.ts';
import { flag, mapping, names, text, time } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const restore = verb({
  name: 'restore <id>',
  summary: 'Bring data sets back from a backup (ID or latest)',
  about: [
    'With the gateway, into its source root: each data set is staged, checked and swapped in; what is there stays unless --overwrite.',
    'With --repo URI --target DIR, to DIR/<tenant>/<data set> of this machine, in the same way.',
    'With --system-state NAME --target DIR, a file, folder or command output that a full backup holds beside its data sets: to DIR/NAME.',
    'Exit code 3 when something of what was at the source is missing: the backup lacks it, or --path leaves it out.',
  ].join('\n'),
  offline: true,
  examples: [
    ['dr restore backup_20260131_120000_0a1b2c3d --target-tenant production --overwrite', 'put a whole backup back over what is there'],
    [
      `dr restore backup_20260131_120000_0a1b2c3d --dataset-mapping '{"articles": "recovered"}' --target-tenant acme`,
      'one beside the original',
    ],
    ['dr restore latest --tenant-id acme --as-of 2026-01-31T12:00:00Z --dry-run', 'what would change, and how long it would take'],
    [
      'dr --repo /mnt/backups --passphrase-file ./passphrase restore latest --tenant-id acme --target /srv/deeplake',
      'with no service left',
    ],
    ['dr restore latest --system-state database --target ./recovered', 'the dump of a database, on the machine of the repository'],
  ],
  options: {
    asOf: time('TIME', 'with latest: each data set as it was then, from the oldest backup after it whose history reaches back'),
    tenantId: text('T', 'with latest: the tenant whose backup is meant'),
    targetTenant: text('T', "restore into this tenant (default: the backup's)"),
    datasetMapping: mapping('JSON', 'new names of data sets: {"old": "new"}'),
    datasetIds: names('A,B …', 'only these data sets'),
    path: names('GLOB …', 'only these paths (and what is below them), into a new data set'),
    version: text(
      'COMMIT|TAG|BRANCH',
      'each data set as of this version, without what only later ones need (v4: BRANCH:VERSION when several have it)',
    ),
    target: text('DIR', 'with --repo or --system-state: the folder to restore into'),
    systemState: text('NAME', 'this item of system state instead of data sets (admin key of all tenants, or --repo)'),
    overwrite: flag('replace data sets that exist'),
    force: flag('with --overwrite: also what a writer seems to have locked, or what changed meanwhile'),
    keepTornHead: flag('keep a head version that was torn when it was captured'),
    dryRun: flag('tell what would be done'),
    noVerify: flag('do not read the restored files again'),
    noIndexes: flag('leave the indexes of v3 data sets out'),
    noMetadata: flag('leave dataset_metadata.json out'),
    noWait: flag('return as soon as the restore is accepted'),
  },
  run: async (args, context) => {
    if (args.asOf !== undefined && args.version !== undefined)
      throw new UsageError('--version and --as-of both say what to go back to; give one of them.', 'restore');
    if (args.asOf !== undefined && args.id !== 'latest') throw new UsageError('--as-of goes with latest.', 'restore');
    if (args.systemState !== undefined) return (await import('../offline/restore-system-state.ts')).restoreSystemState(args, context);
    if (!context.offline && args.target !== undefined)
      throw new UsageError('--target goes with --repo URI; the gateway restores into its source root.', 'restore');
    if (args.dryRun && args.noWait) throw new UsageError('--no-wait does not go with --dry-run: a plan is the answer itself.', 'restore');
    if (args.force && !args.overwrite) throw new UsageError('--force goes with --overwrite.', 'restore');
    if (args.version !== undefined && args.path !== undefined)
      throw new UsageError('--version takes whole data sets, so it does not go with --path.', 'restore');
    if (context.offline) return (await import('../offline/restore-into-folder.ts')).restoreOffline(args, context);
    return (await import('../gateway/restore.ts')).restoreByGateway(args, context);
  },
});
