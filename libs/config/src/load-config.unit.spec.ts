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
    if (files[path] === undefined) throw new Error(`ENOENT: ${path}`);
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
  const yaml = 'backup:\n  parallel_workers: many\n  retention_polcy: {daily: 1}\n  s3: {buckt: x}\n  hooks: {pre: []}\nother: 1\n';
  const problems = problemsOf(() =>
    load({ DR_PORT: '99999', BACKUP_ENCRYPTION: 'perhaps', DATABASE_URL: 'mysql://x' }, { yaml, needs: ['nats'] }),
  );
  expect(problems).toEqual([
    `other: is not known at the top of ${YAML}; settings stand below \`backup:\``,
    'backup.retention_polcy: is not a setting.',
    'backup.s3.buckt: is not a setting. Did you mean s3.bucket?',
    'DR_PORT: must be at most 65535 (it is "99999")',
    'DATABASE_URL: must be a URL that begins with postgres:// or postgresql:// (it is "mysql://x")',
    'BACKUP_ENCRYPTION: must be true or false (it is "perhaps")',
    'backup.parallel_workers: must be a whole number from 0 to 256 (it is "many")',
    'backup.hooks: is not built in this version and would have no effect; remove it',
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
  test('a command with an open quote is a problem', () => {
    expect(problemsOf(() => load({ BACKUP_PASSPHRASE_COMMAND: "pass 'x" }))).toEqual([
      expect.stringMatching(/^BACKUP_PASSPHRASE_COMMAND: /),
    ]);
  });
});

test('what nothing acts on yet is a warning, or refused where silence would cost data', () => {
  expect(load({ BACKUP_SCHEDULE: '0 2 * * *' }).warnings).toEqual([expect.stringMatching(/^BACKUP_SCHEDULE is read, but nothing acts/)]);
  expect(problemsOf(() => load({}, { yaml: 'backup: {replicas: [{name: a, uri: s3://b}]}' }))).toEqual([
    expect.stringMatching(/^backup.replicas: /),
  ]);
});

test('a variable that is nearly ours is warned of, with what was meant', () => {
  expect(load({ BACKUP_COMPRESION: 'no' }).warnings).toEqual([
    'BACKUP_COMPRESION is set but is not a setting. Did you mean BACKUP_COMPRESSION?',
  ]);
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
  const urls = { DATABASE_URL: 'postgres://dr:sesame@db/x', NATS_URL: 'nats://u:sesame@a:1,nats://u:sesame@b:2' };
  const shown = effectiveConfig(load({ ...secrets, ...urls, DR_PORT: '9' }));
  expect(JSON.stringify(shown)).not.toContain('sesame');
  expect(shown['server.port']).toEqual({ value: 9, origin: 'environment' });
  expect(shown['database.url']).toEqual({ value: 'postgres://dr:***@db/x', origin: 'environment' });
  expect(shown['nats.url']?.value).toBe('nats://u:***@a:1,nats://u:***@b:2');
  expect(shown['backup.s3.secretAccessKey']).toEqual({ value: '(set)', origin: 'environment' });
  expect(shown['passphrase']).toEqual({ value: '(value)', origin: 'environment' });
  expect(shown['backup.compression']).toEqual({ value: true, origin: 'default' });
});

test('a bad secret is not repeated in the message', () => {
  expect(problemsOf(() => load({ DR_BOOTSTRAP_API_KEY: 'short' }))).toEqual(['DR_BOOTSTRAP_API_KEY: must have at least 32 characters']);
});
