import {
  encryptionKeys,
  hooks,
  replicas,
  schedules,
  shownHooks,
  shownReplicas,
  shownSystemState,
  systemState,
  verification,
} from './file-shapes.ts';
import { choice, cron, integer, optional, path, setting, text, toggle, url } from './setting.ts';

const NO_SCHEDULE = 'no schedule runs';
const NO_RETENTION = 'no backup is removed by age';

const keep = (period: string, what: string) =>
  optional(integer(0, 10_000), {
    env: `BACKUP_RETENTION_POLICY_${period.toUpperCase()}`,
    yaml: `retention_policy.${period}`,
    about: `How many ${what} the newest backup is kept of.`,
    idle: NO_RETENTION,
  });

const hook = (when: string, about: string) => setting(hooks, { yaml: `hooks.${when}`, fallback: [], about, shown: shownHooks });

const NOT_LOCAL = (backend: string) => `used with BACKUP_STORAGE=${backend} only, which is not built in this version`;

/** What stands below `backup:` in the YAML file, and the variables that mean the same. */
export const backupSettings = {
  enabled: setting(toggle, {
    env: 'BACKUP_ENABLED',
    yaml: 'enabled',
    fallback: true,
    about: 'false: no schedule runs. Backups that somebody asks for are made all the same.',
  }),
  storage: setting(choice(['local', 's3', 'gcs', 'azure']), {
    env: 'BACKUP_STORAGE',
    yaml: 'storage_backend',
    fallback: 'local',
    about: 'Where the repository is kept. Only `local` is built in this version; the others stop the start.',
  }),
  path: setting(path, {
    env: 'BACKUP_PATH',
    flag: '--backup-path',
    yaml: 'local.path',
    fallback: '',
    standard: 'DR_HOME/repository',
    about: "The repository's folder. Never inside or around the source root; best on another disk.",
  }),
  retentionDays: optional(integer(1, 36_500), {
    env: 'BACKUP_RETENTION_DAYS',
    yaml: 'retention_days',
    about: 'For how many days each backup is kept.',
    idle: NO_RETENTION,
  }),
  compression: setting(toggle, { env: 'BACKUP_COMPRESSION', yaml: 'compression', fallback: true, about: 'Compress what is stored.' }),
  compressionLevel: setting(integer(1, 19), {
    env: 'BACKUP_COMPRESSION_LEVEL',
    yaml: 'compression_level',
    fallback: 1,
    about: 'How hard to compress: 1 is fastest, 19 smallest.',
  }),
  encryption: setting(toggle, {
    env: 'BACKUP_ENCRYPTION',
    yaml: 'encryption',
    fallback: true,
    about:
      'Only when a repository is created: false stores its key unprotected, so that whoever reads the store reads the data. The repository remembers it.',
  }),
  parallelWorkers: setting(integer(0, 256), {
    env: 'BACKUP_PARALLEL_WORKERS',
    yaml: 'parallel_workers',
    fallback: 0,
    standard: 'one per processor core (also 0)',
    about:
      'Worker threads of each service that reads or writes the repository. More than 5 are not started: their buffers would exceed its memory limit.',
  }),
  sliceBytes: setting(integer(1, 2 ** 50), {
    env: 'BACKUP_SLICE_BYTES',
    yaml: 'slice_bytes',
    fallback: 8 * 2 ** 30,
    about:
      'A data set of twice this size or more that is read in full is captured in slices of about this size, which all archivers share.',
  }),
  limits: {
    unfinishedPerTenant: setting(integer(1, 100_000), {
      env: 'BACKUP_UNFINISHED_PER_TENANT_MAX',
      yaml: 'limits.unfinished_per_tenant',
      fallback: 100,
      about:
        'Backups, restores and verifications of one tenant that may be unfinished at a time. A request beyond it is answered with 429.',
    }),
    unfinished: setting(integer(1, 1_000_000), {
      env: 'BACKUP_UNFINISHED_MAX',
      yaml: 'limits.unfinished',
      fallback: 1_000,
      about: 'The same, of all tenants together.',
    }),
  },
  batchSize: setting(integer(1, 100_000), {
    yaml: 'batch_size',
    fallback: 1000,
    about: 'Files per read group.',
    idle: 'files are read in groups of 1000',
  }),
  schedule: optional(cron, {
    env: 'BACKUP_SCHEDULE',
    yaml: 'schedule',
    about: 'When to make a full backup of everything.',
    idle: NO_SCHEDULE,
  }),
  logFile: optional(path, {
    env: 'BACKUP_LOG_FILE',
    about: 'Every log line of every service goes there, too. It may be rotated at any time.',
  }),
  systemState: setting(systemState, {
    yaml: 'system_state',
    fallback: [],
    about:
      'What belongs into each full backup beside the data sets: files and folders, and the output of commands, such as the dump of a database. See docs/operations/system-state.md.',
    shown: shownSystemState,
  }),
  hooks: {
    pre: hook(
      'pre',
      'Run before each data set of a backup is captured. One that fails fails the data set, unless on_error is continue: then it is a finding.',
    ),
    post: hook(
      'post',
      'Run after each data set, however its capture went. A failure is a finding: an error, with on_error: continue a warning.',
    ),
    afterRestore: hook(
      'after_restore',
      'Run after a restore, before it ends; a failure makes it partial unless on_error is continue. timeout_seconds: 300 unless given.',
    ),
  },
  replicas: setting(replicas, {
    yaml: 'replicas',
    fallback: [],
    about: 'Further stores that get a copy of the repository.',
    shown: shownReplicas,
    idle: 'no copy is made elsewhere',
  }),
  schedules: setting(schedules, { yaml: 'schedules', fallback: [], about: 'Backups by the clock.', idle: NO_SCHEDULE }),
  verification: setting(verification, {
    yaml: 'verification',
    fallback: {},
    about: 'When backups are verified, and how thoroughly.',
    idle: 'nothing is verified unless somebody asks',
  }),
  encryptionKeys: setting(encryptionKeys, {
    yaml: 'encryption_keys',
    fallback: {},
    secret: true,
    about: 'Further ways to the key of the repository.',
    refused: 'the repository would not be protected as you ask; use a passphrase (BACKUP_PASSPHRASE_FILE) and remove it',
  }),
  retentionPolicy: {
    daily: keep('daily', 'days'),
    weekly: keep('weekly', 'weeks'),
    monthly: keep('monthly', 'months'),
    yearly: keep('yearly', 'years'),
  },
  s3: {
    bucket: optional(text, { env: 'BACKUP_S3_BUCKET', yaml: 's3.bucket', about: 'Name of the bucket.', idle: NOT_LOCAL('s3') }),
    region: optional(text, { env: 'BACKUP_S3_REGION', yaml: 's3.region', about: 'Its region.', idle: NOT_LOCAL('s3') }),
    prefix: optional(text, { env: 'BACKUP_S3_PREFIX', yaml: 's3.prefix', about: 'Where in the bucket.', idle: NOT_LOCAL('s3') }),
    endpoint: optional(url('http', 'https'), {
      env: 'BACKUP_S3_ENDPOINT',
      yaml: 's3.endpoint',
      about: 'For stores other than Amazon’s.',
      idle: NOT_LOCAL('s3'),
    }),
    storageClass: optional(text, { yaml: 's3.storage_class', about: 'Storage class of new objects.', idle: NOT_LOCAL('s3') }),
    accessKeyId: optional(text, { env: 'AWS_ACCESS_KEY_ID', secret: true, about: 'Amazon credentials.' }),
    secretAccessKey: optional(text, { env: 'AWS_SECRET_ACCESS_KEY', secret: true, about: 'Amazon credentials.' }),
    sessionToken: optional(text, { env: 'AWS_SESSION_TOKEN', secret: true, about: 'Amazon credentials.' }),
  },
  gcs: {
    bucket: optional(text, { env: 'BACKUP_GCS_BUCKET', yaml: 'gcs.bucket', about: 'Name of the bucket.', idle: NOT_LOCAL('gcs') }),
    project: optional(text, { env: 'BACKUP_GCS_PROJECT', yaml: 'gcs.project', about: 'Its project.', idle: NOT_LOCAL('gcs') }),
    prefix: optional(text, { env: 'BACKUP_GCS_PREFIX', yaml: 'gcs.prefix', about: 'Where in the bucket.', idle: NOT_LOCAL('gcs') }),
    credentialsFile: optional(path, { env: 'GOOGLE_APPLICATION_CREDENTIALS', about: 'Google credentials.' }),
  },
  azure: {
    account: optional(text, { env: 'BACKUP_AZURE_ACCOUNT', yaml: 'azure.account', about: 'Storage account.', idle: NOT_LOCAL('azure') }),
    container: optional(text, {
      env: 'BACKUP_AZURE_CONTAINER',
      yaml: 'azure.container',
      about: 'Container in it.',
      idle: NOT_LOCAL('azure'),
    }),
    prefix: optional(text, {
      env: 'BACKUP_AZURE_PREFIX',
      yaml: 'azure.prefix',
      about: 'Where in the container.',
      idle: NOT_LOCAL('azure'),
    }),
    tenantId: optional(text, { env: 'AZURE_TENANT_ID', about: 'Azure credentials.' }),
    clientId: optional(text, { env: 'AZURE_CLIENT_ID', about: 'Azure credentials.' }),
    clientSecret: optional(text, { env: 'AZURE_CLIENT_SECRET', secret: true, about: 'Azure credentials.' }),
  },
} as const;
