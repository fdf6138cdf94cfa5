import { effectiveConfig } from './effective-config.ts';
import { ConfigurationError } from './errors.ts';
import { type Config, type LoadOptions, loadConfig, type Need } from './load-config.ts';

const YAML = '/etc/dr.yaml';

function load(
  env: Record<string, string>,
  more: Partial<LoadOptions<Need>> & { yaml?: string; files?: Record<string, string> } = {},
): Config {
  const files: Record<string, string> = { ...more.files, ...(more.yaml === undefined ? {} : { [YAML]: more.yaml }) };
  const readFile = (path: string) => {
    if (files[path] === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return files[path];
  };
  const withFile = more.yaml === undefined ? env : { DR_CONFIG: YAML, ...env };
  return loadConfig({ realPath: (path) => path, folder: '/srv/dr', cores: 4, readFile, ...more, env: withFile });
}

function problemsOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ key, message }) => `${key}: ${message}`);
    throw error;
  }
  return [];
}

test('with nothing given everything has its default, below DR_HOME in the working folder', () => {
  const config = load({});
  expect(config).toMatchObject({
    home: '/srv/dr/.dr',
    server: { host: '127.0.0.1', port: 8080, insecureHttp: false },
    deeplake: { root: '/srv/dr/.dr/deeplake' },
    backup: {
      storage: 'local',
      path: '/srv/dr/.dr/repository',
      compression: true,
      compressionLevel: 1,
      encryption: true,
      parallelWorkers: 4,
    },
    repository: { uri: 'file:///srv/dr/.dr/repository' },
    passphrase: { kind: 'home', path: '/srv/dr/.dr/passphrase' },
    warnings: [],
  });
  expect(new Set(Object.values(config.origins))).toEqual(new Set(['default']));
});

describe('the later layer wins, and the origin says which it was', () => {
  const yaml = 'backup:\n  compression_level: 3\n  local:\n    path: /y\n';
  const cases = [
    ['default', {}, undefined, {}, 1],
    ['yaml', {}, yaml, {}, 3],
    ['environment', { BACKUP_COMPRESSION_LEVEL: '5' }, yaml, {}, 5],
    ['flag', { BACKUP_COMPRESSION_LEVEL: '5' }, yaml, { BACKUP_COMPRESSION_LEVEL: '7' }, 7],
  ] as const;
  test.each(cases)('%s', (origin, env, file, flags, level) => {
    const config = load(env, { yaml: file, flags });
    expect(config.backup.compressionLevel).toBe(level);
    expect(config.origins['backup.compressionLevel']).toBe(origin);
  });
});

test('an empty variable is as good as none, as compose files leave them', () => {
  expect(load({ BACKUP_COMPRESSION_LEVEL: '', DR_HOST: '' }).server.host).toBe('127.0.0.1');
});

test('every problem is told at once, each under the key where it was given', () => {
  const yaml =
    'backup:\n  parallel_workers: many\n  retention_polcy: {daily: 1}\n  s3: {buckt: x}\n  encryption_keys: {kms: x}\nother: 1\n';
  const problems = problemsOf(() =>
    load({ DR_PORT: '99999', BACKUP_ENCRYPTION: 'perhaps', DATABASE_URL: 'mysql://x' }, { yaml, needs: ['nats'] }),
  );
  expect(problems).toEqual([
    `other: is not known at the top of ${YAML}; settings stand below \`backup:\``,
    'backup.retention_polcy: is not a setting. Did you mean backup.retention_policy?',
    'backup.s3.buckt: is not a setting. Did you mean backup.s3.bucket?',
    'DR_PORT: must be at most 65535 (it is "99999")',
    'DATABASE_URL: must be a URL that begins with postgres:// or postgresql:// (it is "mysql://x")',
    'BACKUP_ENCRYPTION: must be true or false (it is "perhaps")',
    'backup.parallel_workers: must be a whole number from 0 to 256 (it is "many")',
    expect.stringMatching(/^backup.encryption_keys: is not built in this version: .*remove it$/),
    'NATS_URL: is needed: the URL of the NATS server',
  ]);
});

test('the message of the error lists every problem', () => {
  expect(() => load({ DR_PORT: 'x', BACKUP_STORAGE: 'ftp' })).toThrow(/2 problem\(s\).*DR_PORT.*BACKUP_STORAGE/s);
});

describe('a backend that is not built stops the start and is named', () => {
  test.each(['s3', 'gcs', 'azure'])('%s from the environment', (storage) => {
    expect(problemsOf(() => load({ BACKUP_STORAGE: storage }))).toEqual([
      expect.stringContaining(`BACKUP_STORAGE: the backend ${storage}`),
    ]);
  });
  test('s3 from the file of the guide', () => {
    const yaml = 'backup:\n  storage_backend: "s3"\n  s3: {bucket: b, region: r, prefix: p}\n  retention_policy: {daily: 7}\n';
    expect(problemsOf(() => load({}, { yaml }))).toEqual([expect.stringMatching(/^backup.storage_backend: the backend s3 \(Amazon S3\)/)]);
  });
});

describe('the repository and the source root stay apart', () => {
  const link = (path: string) => (path.startsWith('/link') ? path.replace('/link', '/data/deep') : path);
  const cases = [
    ['the same folder', '/data', '/data', 'is'],
    ['inside', '/data/x/backups', '/data', 'lies inside'],
    ['around', '/data', '/data/deeplake', 'lies around'],
    ['inside behind a link', '/link/backups', '/data/deep', 'lies inside'],
  ] as const;
  test.each(cases)('%s', (_, path, root, relation) => {
    const problems = problemsOf(() => load({ BACKUP_PATH: path, DEEPLAKE_STORAGE_LOCATION: root }, { realPath: link }));
    expect(problems).toEqual([expect.stringContaining(`BACKUP_PATH: ${path} ${relation} the source root ${root}`)]);
  });
  test('a neighbour whose name begins alike is apart', () => {
    expect(load({ BACKUP_PATH: '/data-backups', DEEPLAKE_STORAGE_LOCATION: '/data' }).backup.path).toBe('/data-backups');
  });
  test('a folder that does not exist yet is judged by the links of its parents', () => {
    const realPath = (path: string) => {
      if (path === '/b/new' || path === '/b/new/repo') throw new Error('ENOENT');
      return path === '/b' ? '/data' : path;
    };
    const problems = problemsOf(() => load({ BACKUP_PATH: '/b/new/repo', DEEPLAKE_STORAGE_LOCATION: '/data' }, { realPath }));
    expect(problems).toHaveLength(1);
  });
});

describe('beyond loopback only with a deliberate word', () => {
  test.each(['0.0.0.0', '::', '10.0.0.1', 'dr.example.org'])('%s is refused', (host) => {
    expect(problemsOf(() => load({ DR_HOST: host }))).toEqual([expect.stringMatching(/^DR_HOST: .*DR_INSECURE_HTTP=1/)]);
    expect(load({ DR_HOST: host, DR_INSECURE_HTTP: '1' }).server.host).toBe(host);
  });
  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('%s is fine', (host) => {
    expect(load({ DR_HOST: host }).server.host).toBe(host);
  });
});

describe('the passphrase has one source', () => {
  const cases = [
    ['value', { BACKUP_PASSPHRASE: 'hunter two' }, { kind: 'value', value: 'hunter two' }],
    ['file', { BACKUP_PASSPHRASE_FILE: 'k' }, { kind: 'file', path: '/srv/dr/k' }],
    ['command', { BACKUP_PASSPHRASE_COMMAND: 'pass show "my dr"' }, { kind: 'command', argv: ['pass', 'show', 'my dr'] }],
    ['none, repository elsewhere', { BACKUP_PATH: '/backups' }, { kind: 'missing' }],
  ] as const;
  test.each(cases)('%s', (_, env, source) => expect(load(env).passphrase).toEqual(source));

  test('two of them are a problem, but a flag beats both', () => {
    const env = { BACKUP_PASSPHRASE: 'a', BACKUP_PASSPHRASE_COMMAND: 'b' };
    expect(problemsOf(() => load(env))).toEqual([expect.stringContaining('give only one of')]);
    expect(load(env, { flags: { BACKUP_PASSPHRASE_FILE: '/k' } }).passphrase).toEqual({ kind: 'file', path: '/k' });
  });
  test('missing matters only to who needs it', () => {
    expect(problemsOf(() => load({ BACKUP_PATH: '/b' }, { needs: ['passphrase'] }))).toEqual([
      expect.stringMatching(/^BACKUP_PASSPHRASE_FILE: is needed/),
    ]);
    expect(problemsOf(() => load({}, { needs: ['passphrase'] }))).toEqual([]);
  });
  test('a repository tells by itself whether it takes one, whatever BACKUP_ENCRYPTION says now', () => {
    const found = (encryption: unknown, env = {}) =>
      load(
        { BACKUP_PATH: '/b', ...env },
        { needs: ['passphrase'], files: { '/b/repository.json': JSON.stringify({ format: 1, encryption }) } },
      );
    expect(found(false)).toMatchObject({ repository: { protection: 'plain' }, passphrase: { kind: 'missing' } });
    expect(found(false).warnings).toEqual(['The repository in /b is not encrypted: whoever reads it reads the data.']);
    expect(found(false, { BACKUP_ENCRYPTION: 'false' }).warnings).toHaveLength(1);
    expect(found(false, { BACKUP_ENCRYPTION: 'true' }).warnings[0]).toContain('BACKUP_ENCRYPTION is true, but that is decided when');
    for (const encrypted of [true, 'odd']) {
      expect(problemsOf(() => found(encrypted, { BACKUP_ENCRYPTION: 'false' }))).toEqual([
        expect.stringContaining('BACKUP_PASSPHRASE_FILE: is needed'),
      ]);
    }
    expect(found(true, { BACKUP_PASSPHRASE: 'x', BACKUP_ENCRYPTION: 'no' }).warnings).toEqual([
      expect.stringMatching(/^BACKUP_ENCRYPTION is false, but the repository in .b is encrypted; that is decided/),
    ]);
  });
  test('a new repository without encryption takes none, and says so', () => {
    const config = load({ BACKUP_PATH: '/b', BACKUP_ENCRYPTION: 'false' }, { needs: ['passphrase'] });
    expect(config.warnings).toEqual(['BACKUP_ENCRYPTION is false: whoever reads the new repository in /b reads the data.']);
  });
  test('a command with an open quote is a problem', () => {
    expect(problemsOf(() => load({ BACKUP_PASSPHRASE_COMMAND: "pass 'x" }))).toEqual([
      expect.stringMatching(/^BACKUP_PASSPHRASE_COMMAND: /),
    ]);
  });
});

describe('what nothing acts on yet', () => {
  const idle = (key: string, effect: string) => `${key}: read, but nothing acts on it in this version: ${effect}.`;
  const cases: [string, string, string][] = [
    ['schedule: "0 2 * * *"', 'backup.schedule', 'no schedule runs'],
    ['schedules: [{name: a, cron: "@daily", type: full}]', 'backup.schedules', 'no schedule runs'],
    [
      'retention_policy: {daily: 7, weekly: 4}',
      'backup.retention_policy.daily, backup.retention_policy.weekly',
      'no backup is removed by age',
    ],
    ['replicas: [{name: a, uri: "s3://b"}]', 'backup.replicas', 'no copy is made elsewhere'],
    ['verification: {schedule: "@weekly"}', 'backup.verification', 'nothing is verified unless somebody asks'],
    ['batch_size: 7', 'backup.batch_size', 'files are read in groups of 1000'],
    ['s3: {bucket: b}', 'backup.s3.bucket', 'used with BACKUP_STORAGE=s3 only, which is not built in this version'],
  ];
  test.each(cases)('%s is checked, and said to have no effect', (yaml, key, effect) => {
    const config = load({}, { yaml: `backup: {${yaml}}` });
    expect(config.warnings).toEqual([idle(key, effect)]);
    const told = Object.values(effectiveConfig(config)).filter(({ note }) => note !== undefined);
    expect(told.map((value) => value.key).join(', ')).toBe(key);
  });

  test('the same from the environment names the variable', () => {
    expect(load({ BACKUP_SCHEDULE: '0 2 * * *' }).warnings).toEqual([idle('BACKUP_SCHEDULE', 'no schedule runs')]);
  });

  test('empty ones ask for nothing', () => {
    expect(load({}, { yaml: 'backup: {hooks: {pre: []}, replicas: [], schedules: [], verification: {}}' }).warnings).toEqual([]);
  });

  test('keys of encryption are refused, since the repository would not be protected by them', () => {
    expect(problemsOf(() => load({}, { yaml: 'backup: {encryption_keys: {kms: k}}' }))).toEqual([
      expect.stringMatching(/^backup.encryption_keys: is not built/),
    ]);
  });
});

test('BACKUP_ENABLED=false is said, and its schedules need no further word', () => {
  expect(load({ BACKUP_ENABLED: 'false', BACKUP_SCHEDULE: '@daily' }).warnings).toEqual([
    'BACKUP_ENABLED is false: no schedule runs. Backups that somebody asks for are made all the same.',
  ]);
  expect(load({}, { yaml: 'backup: {enabled: no}' }).warnings).toEqual([expect.stringMatching(/^backup.enabled is false/)]);
});

test('what stands in lists and mappings of the file is checked to its last field, all at once', () => {
  const yaml = `
backup:
  schedule: "0 25 * * *"
  system_state: /etc
  hooks:
    pre: [{command: []}, {command: [a], url: "http://x"}, {url: "ftp://x"}, {command: [a], timeout_seconds: 0, on_error: ignore}]
  replicas: [{name: a b, uri: ""}, {name: c, url: x}]
  schedules:
    - {name: x, cron: "@fortnightly", type: fulll, time_zone: Mars/Base}
    - {name: y, cron: "0 0 31 2x *", type: full, dataset_ids: []}
  verification: {level: deep, sample_percent: 0}
`;
  expect(problemsOf(() => load({}, { yaml }))).toEqual([
    expect.stringMatching(/^backup.schedule: has "25" as hour, which takes 0 to 23/),
    'backup.system_state: must be a list of named items (it is "/etc")',
    'backup.hooks.pre.0.command: needs at least the program',
    'backup.hooks.pre.1: needs either `command` (a list of arguments, no shell) or `url`',
    'backup.hooks.pre.2.url: must be a URL that begins with http:// or https://',
    'backup.hooks.pre.3.timeout_seconds: must be at least 1',
    'backup.hooks.pre.3.on_error: must be fail or continue',
    expect.stringMatching(/^backup.replicas.0.name: must be a name/),
    expect.stringMatching(/^backup.replicas.0.uri: /),
    expect.stringMatching(/^backup.replicas.1.uri: /),
    'backup.replicas.1.url: is not a setting',
    expect.stringMatching(/^backup.schedules.0.cron: must be a cron expression of five fields/),
    'backup.schedules.0.type: must be one of full, incremental, differential, snapshot',
    expect.stringMatching(/^backup.schedules.0.time_zone: must be a time zone/),
    expect.stringMatching(/^backup.schedules.1.cron: has "2x" as month/),
    expect.stringMatching(/^backup.schedules.1.dataset_ids: /),
    'backup.verification.level: must be quick or full',
    expect.stringMatching(/^backup.verification.sample_percent: /),
  ]);
  expect(
    problemsOf(() =>
      load({}, { yaml: 'backup: {schedules: [{name: x, cron: "@daily", type: full}, {name: x, cron: "@daily", type: full}]}' }),
    ),
  ).toEqual(['backup.schedules: names one schedule twice']);
});

test.each([
  ['BACKUP_COMPRESION', ' Did you mean BACKUP_COMPRESSION?'],
  ['DR_PROT', ' Did you mean DR_PORT?'],
  ['DR_SERVICE_PORT_8080_TCP_ADDR', ''],
  ['BACKUP_X', ''],
])('%s is warned of, with what was meant', (name, meant) => {
  expect(load({ [name]: 'no' }).warnings).toEqual([`${name} is set but is not a setting.${meant}`]);
});

test('variables of other programs, and those between ours, are nobody’s typo', () => {
  expect(load({ DR_LOCK_FILE: 'x', DR_DEMO: '0', DR_TEST_SERVERS: 'x', DRX: '1', BACKUPS: '1', AWS_PROFILE: 'p' }).warnings).toEqual([]);
});

test('a file that cannot be read or parsed is a problem of DR_CONFIG', () => {
  expect(problemsOf(() => load({ DR_CONFIG: '/none' }))).toEqual([expect.stringMatching(/^DR_CONFIG: \/none cannot be read: ENOENT/)]);
  expect(problemsOf(() => load({}, { yaml: 'backup: [' }))).toEqual([expect.stringMatching(/^DR_CONFIG: /)]);
  expect(problemsOf(() => load({}, { yaml: 'backup: [1]' }))).toEqual(['backup: must be a mapping of settings']);
  expect(problemsOf(() => load({}, { yaml: 'backup: {s3: 1}' }))).toEqual(['backup.s3: must be a mapping of settings']);
});

test('the NATS password is read from its file', () => {
  const env = { DR_NATS_PASSWORD_FILE: '/run/p' };
  expect(load(env, { files: { '/run/p': 'pw\n' } }).nats.password).toBe('pw');
  expect(problemsOf(() => load(env))).toEqual([expect.stringMatching(/^DR_NATS_PASSWORD_FILE: \/run\/p cannot be read/)]);
});

test('the configuration cannot be changed afterwards', () => {
  const config = load({});
  expect(() => Object.assign(config.backup, { path: '/x' })).toThrow(TypeError);
});

test('the effective configuration shows origins and no secret', () => {
  const secrets = { DR_API_KEY: 'dr_sesame', AWS_SECRET_ACCESS_KEY: 'sesame', BACKUP_PASSPHRASE: 'sesame', DR_NATS_PASSWORD: 'sesame' };
  const urls = {
    DATABASE_URL: 'postgres://dr:sesame@db/x?sslmode=require&password=sesame',
    NATS_URL: 'nats://u:sesame@a:1,nats://u:sesame@b:2',
  };
  const shown = effectiveConfig(load({ ...secrets, ...urls, DR_PORT: '9' }));
  expect(JSON.stringify(shown)).not.toContain('sesame');
  expect(shown['server.port']).toEqual({ value: 9, origin: 'environment', key: 'DR_PORT' });
  expect(shown['database.url']).toEqual({
    value: 'postgres://dr:***@db/x?sslmode=require&password=***',
    origin: 'environment',
    key: 'DATABASE_URL',
  });
  expect(shown['nats.url']?.value).toBe('nats://u:***@a:1,nats://u:***@b:2');
  expect(shown['backup.s3.secretAccessKey']).toEqual({ value: '(set)', origin: 'environment', key: 'AWS_SECRET_ACCESS_KEY' });
  expect(shown['passphrase']).toEqual({ value: '(value)', origin: 'environment', key: 'BACKUP_PASSPHRASE' });
  expect(shown['backup.compression']).toEqual({ value: true, origin: 'default', key: 'BACKUP_COMPRESSION' });
  expect(effectiveConfig(load({ NATS_URL: 'u:sesame@host:4222' }))['nats.url']?.value).toBe('u:***@host:4222');
});

test('items of system state are a path or a command, each under a name that can be a folder', () => {
  const items = (yaml: string) => problemsOf(() => load({}, { yaml: `backup: {system_state: [${yaml}]}` }));
  expect(items('{name: a, path: etc}')).toEqual(['backup.system_state.0.path: must be an absolute path']);
  expect(items('{name: .., path: /etc}')).toEqual([expect.stringContaining('backup.system_state.0.name: must begin with')]);
  expect(items('{name: a}')).toEqual([expect.stringContaining('needs either `path` or `command`')]);
  expect(items('{name: a, path: /etc, max_bytes: 5}')).toEqual([expect.stringContaining('go with `command`')]);
  expect(items('{name: a, path: /etc}, {name: a, path: /opt}')).toEqual([expect.stringContaining('names one item twice')]);
  const yaml =
    'backup: {system_state: [{name: db, command: [pg_dump, "postgres://u:sesame@h/d"], tenants: [ops]}, {name: etc, path: /etc}]}';
  const config = load({}, { yaml });
  expect(config.warnings).toEqual([]);
  expect(effectiveConfig(config)['backup.systemState']!.value).toEqual([
    { name: 'db', command: ['pg_dump', '(1 more)'], tenants: ['ops'] },
    { name: 'etc', path: '/etc' },
  ]);
});

test('hooks and replicas are shown without what may be secret in them', () => {
  const yaml = `
backup:
  hooks:
    pre: [{command: [/bin/quiesce, --token, sesame], timeout_seconds: 5}]
    after_restore: [{url: "https://hooks.example.org/services/sesame", on_error: continue}]
  replicas: [{name: far, uri: "s3://key:sesame@bucket/x"}]
`;
  const shown = effectiveConfig(load({}, { yaml }));
  expect(JSON.stringify(shown)).not.toContain('sesame');
  expect(shown['backup.hooks.pre']!.value).toEqual([{ command: ['/bin/quiesce', '(2 more)'], timeout_seconds: 5 }]);
  expect(shown['backup.hooks.afterRestore']!.value).toEqual([{ url: 'https://hooks.example.org/…', on_error: 'continue' }]);
  expect(shown['backup.replicas']!.value).toEqual([{ name: 'far', uri: 's3://key:***@bucket/x' }]);
});

test('every value that can be given is shown, with the key under which it is or could be given', () => {
  const shown = effectiveConfig(load({}));
  for (const [path, { key, origin }] of Object.entries(shown)) {
    expect([path, key]).toEqual([path, expect.stringMatching(/^([A-Z][A-Z0-9_]+|backup\.[a-z0-9_.]+)$/)]);
    expect([path, origin]).toEqual([path, 'default']);
  }
  const yaml = effectiveConfig(load({}, { yaml: 'backup: {local: {path: /r}}' }))['backup.path'];
  expect(yaml).toEqual({ value: '/r', origin: 'yaml', key: 'backup.local.path' });
});

test('what npm start set for its services keeps the origin that it had there', () => {
  const env = {
    DATABASE_URL: 'postgres://x',
    DR_PORT: '81',
    DR_HOST: '::1',
    DR_ORIGINS: 'DATABASE_URL=start,DR_PORT=flag,DR_HOST=nonsense',
  };
  const { origins } = load(env);
  expect([origins['database.url'], origins['server.port'], origins['server.host']]).toEqual(['start', 'flag', 'environment']);
});

test('a bad secret is not repeated in the message', () => {
  expect(problemsOf(() => load({ DATABASE_URL: 'mysql://u:sesame@h', DATABASE_ADMIN_URL: 'postgres//u:sesame@h' })).join()).not.toContain(
    'sesame',
  );
  expect(problemsOf(() => load({ DR_BOOTSTRAP_API_KEY: 'short' }))).toEqual(['DR_BOOTSTRAP_API_KEY: must have at least 32 characters']);
});
