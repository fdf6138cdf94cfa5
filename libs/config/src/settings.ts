import * as z from 'zod';
import { choice, cron, integer, optional, setting, text, toggle, url } from './setting.ts';

const hook = z
  .strictObject({
    command: z.array(z.string()).min(1).optional(),
    url: z.url().optional(),
    timeout_seconds: z.int().min(1).max(86_400).optional(),
    on_failure: z.enum(['fail', 'warn']).optional(),
  })
  .refine((h) => (h.command === undefined) !== (h.url === undefined), 'needs either `command` (a list of arguments, no shell) or `url`');

const hooks = z.strictObject({ pre: z.array(hook).optional(), post: z.array(hook).optional(), after_restore: z.array(hook).optional() });

const replica = z.strictObject({ name: z.string().min(1), uri: z.string().min(1), delay_seconds: z.int().min(0).optional() });

const schedule = z.strictObject({
  name: z.string().min(1),
  cron,
  type: z.enum(['full', 'incremental', 'differential', 'snapshot']),
  tenant_id: z.string().optional(),
  dataset_ids: z.array(z.string()).optional(),
  time_zone: z.string().optional(),
});

const keep = (period: string) =>
  optional(integer(0, 10_000), {
    env: `BACKUP_RETENTION_POLICY_${period.toUpperCase()}`,
    yaml: `retention_policy.${period}`,
    notBuilt: 'warned',
  });

/**
 * CONTRACT section 4 as a table: the shape of `Config`, the names that users type, and the defaults, in one place.
 * A new setting is one line here; reading, checking, origins and `GET /config` follow from it.
 */
export const settings = {
  home: setting(text, { env: 'DR_HOME', fallback: '.dr' }),
  logLevel: setting(choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), { env: 'DR_LOG_LEVEL', fallback: 'info' }),
  server: {
    host: setting(text, { env: 'DR_HOST', fallback: '127.0.0.1' }),
    port: setting(integer(0, 65_535), { env: 'DR_PORT', fallback: 8080 }),
    insecureHttp: setting(toggle, { env: 'DR_INSECURE_HTTP', fallback: false }),
    bootstrapApiKey: optional(z.string().min(32, 'must have at least 32 characters'), { env: 'DR_BOOTSTRAP_API_KEY', secret: true }),
  },
  client: {
    url: optional(url('http', 'https'), { env: 'DR_URL' }),
    apiKey: optional(text, { env: 'DR_API_KEY', secret: true }),
  },
  database: {
    url: optional(url('postgres', 'postgresql'), { env: 'DATABASE_URL' }),
    adminUrl: optional(url('postgres', 'postgresql'), { env: 'DATABASE_ADMIN_URL' }),
  },
  nats: {
    url: optional(text, { env: 'NATS_URL' }),
    user: optional(text, { env: 'DR_NATS_USER' }),
    passwordFile: optional(text, { env: 'DR_NATS_PASSWORD_FILE' }),
    password: optional(text, { env: 'DR_NATS_PASSWORD', secret: true }),
  },
  deeplake: {
    /** The source root; default DR_HOME/deeplake. */
    root: setting(text, { env: 'DEEPLAKE_STORAGE_LOCATION', fallback: '' }),
  },
  passphrase: {
    value: optional(text, { env: 'BACKUP_PASSPHRASE', secret: true }),
    file: optional(text, { env: 'BACKUP_PASSPHRASE_FILE', flag: '--passphrase-file' }),
    command: optional(text, { env: 'BACKUP_PASSPHRASE_COMMAND', secret: true }),
  },
  backup: {
    enabled: setting(toggle, { env: 'BACKUP_ENABLED', yaml: 'enabled', fallback: true }),
    storage: setting(choice(['local', 's3', 'gcs', 'azure']), { env: 'BACKUP_STORAGE', yaml: 'storage_backend', fallback: 'local' }),
    /** The repository's folder; default DR_HOME/repository. */
    path: setting(text, { env: 'BACKUP_PATH', yaml: 'local.path', fallback: '' }),
    retentionDays: optional(integer(1, 36_500), { env: 'BACKUP_RETENTION_DAYS', yaml: 'retention_days', notBuilt: 'warned' }),
    compression: setting(toggle, { env: 'BACKUP_COMPRESSION', yaml: 'compression', fallback: true }),
    compressionLevel: setting(integer(1, 19), { env: 'BACKUP_COMPRESSION_LEVEL', yaml: 'compression_level', fallback: 1 }),
    encryption: setting(toggle, { env: 'BACKUP_ENCRYPTION', yaml: 'encryption', fallback: true }),
    /** Worker threads per archiver; 0 = one per core, and never 0 once loaded. */
    parallelWorkers: setting(integer(0, 256), { env: 'BACKUP_PARALLEL_WORKERS', yaml: 'parallel_workers', fallback: 0 }),
    /** Files per read group. */
    batchSize: setting(integer(1, 100_000), { yaml: 'batch_size', fallback: 1000 }),
    schedule: optional(cron, { env: 'BACKUP_SCHEDULE', yaml: 'schedule', notBuilt: 'warned' }),
    logFile: optional(text, { env: 'BACKUP_LOG_FILE' }),
    systemState: setting(z.array(z.string()), { yaml: 'system_state', fallback: [], notBuilt: 'refused' }),
    hooks: setting(hooks, { yaml: 'hooks', fallback: {}, notBuilt: 'refused' }),
    replicas: setting(z.array(replica), { yaml: 'replicas', fallback: [], notBuilt: 'refused' }),
    schedules: setting(z.array(schedule), { yaml: 'schedules', fallback: [], notBuilt: 'warned' }),
    verification: setting(z.record(z.string(), z.unknown()), { yaml: 'verification', fallback: {}, notBuilt: 'refused' }),
    encryptionKeys: setting(z.record(z.string(), z.unknown()), {
      yaml: 'encryption_keys',
      fallback: {},
      secret: true,
      notBuilt: 'refused',
    }),
    retentionPolicy: { daily: keep('daily'), weekly: keep('weekly'), monthly: keep('monthly'), yearly: keep('yearly') },
    s3: {
      bucket: optional(text, { env: 'BACKUP_S3_BUCKET', yaml: 's3.bucket' }),
      region: optional(text, { env: 'BACKUP_S3_REGION', yaml: 's3.region' }),
      prefix: optional(text, { env: 'BACKUP_S3_PREFIX', yaml: 's3.prefix' }),
      endpoint: optional(url('http', 'https'), { env: 'BACKUP_S3_ENDPOINT', yaml: 's3.endpoint' }),
      storageClass: optional(text, { yaml: 's3.storage_class' }),
      accessKeyId: optional(text, { env: 'AWS_ACCESS_KEY_ID', secret: true }),
      secretAccessKey: optional(text, { env: 'AWS_SECRET_ACCESS_KEY', secret: true }),
      sessionToken: optional(text, { env: 'AWS_SESSION_TOKEN', secret: true }),
    },
    gcs: {
      bucket: optional(text, { env: 'BACKUP_GCS_BUCKET', yaml: 'gcs.bucket' }),
      project: optional(text, { env: 'BACKUP_GCS_PROJECT', yaml: 'gcs.project' }),
      prefix: optional(text, { env: 'BACKUP_GCS_PREFIX', yaml: 'gcs.prefix' }),
      credentialsFile: optional(text, { env: 'GOOGLE_APPLICATION_CREDENTIALS' }),
    },
    azure: {
      account: optional(text, { env: 'BACKUP_AZURE_ACCOUNT', yaml: 'azure.account' }),
      container: optional(text, { env: 'BACKUP_AZURE_CONTAINER', yaml: 'azure.container' }),
      prefix: optional(text, { env: 'BACKUP_AZURE_PREFIX', yaml: 'azure.prefix' }),
      tenantId: optional(text, { env: 'AZURE_TENANT_ID' }),
      clientId: optional(text, { env: 'AZURE_CLIENT_ID' }),
      clientSecret: optional(text, { env: 'AZURE_CLIENT_SECRET', secret: true }),
    },
  },
} as const;
