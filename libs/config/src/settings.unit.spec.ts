import { leavesOf } from './layers.ts';
import { loadConfig } from './load-config.ts';
import { settings } from './settings.ts';

const leaves = leavesOf(settings);

test('every variable that users know is a setting', () => {
  const variables = leaves.flatMap(([, { env }]) => env ?? []);
  const known =
    `BACKUP_ENABLED BACKUP_STORAGE BACKUP_PATH BACKUP_RETENTION_DAYS BACKUP_COMPRESSION BACKUP_COMPRESSION_LEVEL BACKUP_ENCRYPTION
    BACKUP_PARALLEL_WORKERS BACKUP_SCHEDULE BACKUP_S3_BUCKET BACKUP_S3_REGION BACKUP_S3_PREFIX BACKUP_S3_ENDPOINT BACKUP_GCS_BUCKET
    BACKUP_GCS_PROJECT GOOGLE_APPLICATION_CREDENTIALS BACKUP_AZURE_ACCOUNT BACKUP_AZURE_CONTAINER BACKUP_LOG_FILE
    BACKUP_RETENTION_POLICY_DAILY BACKUP_RETENTION_POLICY_WEEKLY BACKUP_RETENTION_POLICY_MONTHLY BACKUP_RETENTION_POLICY_YEARLY
    BACKUP_PASSPHRASE BACKUP_PASSPHRASE_FILE BACKUP_PASSPHRASE_COMMAND DR_HOME DR_HOST DR_PORT DR_INSECURE_HTTP DR_URL DR_API_KEY
    DR_BOOTSTRAP_API_KEY DATABASE_URL DATABASE_ADMIN_URL NATS_URL DEEPLAKE_STORAGE_LOCATION`.split(/\s+/);
  expect(known.filter((name) => !variables.includes(name))).toEqual([]);
});

test('no variable and no YAML path means two things', () => {
  for (const names of [leaves.flatMap(([, { env }]) => env ?? []), leaves.flatMap(([, { yaml }]) => yaml ?? [])]) {
    expect(names).toHaveLength(new Set(names).size);
  }
});

test('every setting can be given somewhere, and each default passes its own check', () => {
  for (const [path, { env, yaml, schema, fallback }] of leaves) {
    expect([path, env ?? yaml]).not.toEqual([path, undefined]);
    const derived = path === 'deeplake.root' || path === 'backup.path';
    if (!derived) expect([path, schema.safeParse(fallback).success]).toEqual([path, true]);
  }
});

test('commands and hooks come from the file alone', () => {
  for (const [path, { env }] of leaves) if (/hooks|systemState|replicas/.test(path)) expect([path, env]).toEqual([path, undefined]);
});

test('what looks like a secret is marked as one', () => {
  const named = leaves.filter(([, { env }]) => /(PASSWORD|PASSPHRASE|SECRET\w*|API_KEY|SESSION_TOKEN|ACCESS_KEY\w*)$/.test(env ?? ''));
  expect(named.length).toBeGreaterThanOrEqual(7);
  expect(named.filter(([, { secret }]) => !secret).map(([path]) => path)).toEqual([]);
});

test("the guide's file is taken as it is, but for its backend", () => {
  const yaml = `
backup:
  enabled: true
  schedule: "0 2 * * *"
  retention_days: 90
  storage_backend: "local"
  compression: true
  encryption: true
  parallel_workers: 4

  s3:
    bucket: "deeplake-prod-backups"
    region: "us-east-1"
    prefix: "deeplake-backups"

  retention_policy:
    daily: 7
    weekly: 4
    monthly: 12
    yearly: 5
`;
  const config = loadConfig({ env: { DR_CONFIG: '/c.yaml' }, readFile: () => yaml, realPath: (path) => path });
  expect(config.backup).toMatchObject({
    schedule: '0 2 * * *',
    retentionDays: 90,
    parallelWorkers: 4,
    s3: { bucket: 'deeplake-prod-backups' },
    retentionPolicy: { daily: 7, weekly: 4, monthly: 12, yearly: 5 },
  });
  expect(config.warnings).toEqual([
    expect.stringMatching(/^backup.retention_days, backup.retention_policy.daily, .*no backup is removed by age/),
    expect.stringMatching(/^backup.schedule: .*no schedule runs/),
    expect.stringMatching(/^backup.s3.bucket, backup.s3.region, backup.s3.prefix: /),
  ]);
});
