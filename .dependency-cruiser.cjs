/**
 * Who may know whom. Dependencies point one way: services and the command line → libraries → the pure core. Every rule matches folders,
 * which is where `@dr/x` resolves to (condition `dr-source`), and the name itself, should it ever resolve elsewhere.
 */
const lib = (...names) => `^(libs/(${names.join('|')})/|@dr/(${names.join('|')})(/|$))`;
const libs = [
  'auth',
  'config',
  'deeplake',
  'diff',
  'domain',
  'event-store',
  'jobs',
  'keys',
  'messaging',
  'repository',
  'restore',
  'service',
  'storage',
  'telemetry',
];

/** What each library may use of ours, itself aside. A new library is a new line. */
const mayUse = {
  domain: [],
  storage: [],
  telemetry: [],
  keys: ['storage'],
  repository: ['storage', 'keys'],
  deeplake: ['storage'],
  restore: ['deeplake', 'repository', 'storage'],
  diff: ['deeplake', 'repository', 'storage'],
  config: ['storage'],
  'event-store': ['domain'],
  messaging: ['domain', 'telemetry'],
  jobs: ['event-store', 'messaging', 'domain'],
  auth: ['domain', 'event-store'],
  service: libs,
};

const layer = ([name, allowed]) => ({
  name: `layer-of-${name}`,
  comment: `libs/${name} may use ${allowed.join(', ') || 'no other package of ours'}. Turn the dependency round, or pass in what it needs.`,
  severity: 'error',
  from: { path: `^libs/${name}/` },
  to: { path: lib(...libs.filter((l) => l !== name && !allowed.includes(l))) },
});

const servers = '(^|/)node_modules/(@nestjs|fastify|pg|typeorm|@nats-io|nats)/';

module.exports = {
  forbidden: [
    ...Object.entries(mayUse).map(layer),
    {
      name: 'unlisted-library',
      comment: 'A new library needs a line in `mayUse` of .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^libs/', pathNot: `^libs/(${Object.keys(mayUse).join('|')})/` },
      to: {},
    },
    {
      name: 'nobody-imports-programs',
      comment: 'Services and the command line are programs: they share through libs, and talk over the bus.',
      severity: 'error',
      from: { path: '^(libs|services|cli)/([^/]+)/' },
      to: { path: '^(services|cli)/|^@dr/(archiver|catalog|cli|gateway|restorer|verifier|retention|scheduler)(/|$)', pathNot: '^$1/$2/' },
    },
    {
      name: 'engine-without-servers',
      comment: 'Storage-only recovery works without Nest, PostgreSQL and NATS, so these never load them.',
      severity: 'error',
      from: { path: '^(libs/(domain|storage|keys|repository|deeplake|restore|diff|config)|cli)/', pathNot: '\\.spec\\.ts$' },
      to: { path: servers },
    },
    {
      name: 'cli-libraries',
      comment: 'The command line stays small and starts fast.',
      severity: 'error',
      from: { path: '^cli/', pathNot: '\\.spec\\.ts$' },
      to: { path: lib('auth', 'domain', 'event-store', 'jobs', 'messaging', 'telemetry') },
    },
    {
      name: 'specs-are-not-imported',
      comment: 'What tests share lies in a folder `testing` or is a `*.contract.ts`.',
      severity: 'error',
      from: {},
      to: { path: '\\.spec\\.ts$' },
    },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      from: { path: '^(libs|services|cli)/', pathNot: '(\\.(spec|contract)\\.ts$|/testing/)' },
      to: { path: '(^test/|/testing/|\\.contract\\.ts$)' },
    },
    {
      name: 'no-circular',
      comment: 'A cycle has no order in which it can be read.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-unresolvable',
      comment: 'An import that leads nowhere breaks at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'not-undeclared',
      comment: 'A package that is used must stand in the package.json of the workspace that uses it.',
      severity: 'error',
      from: { path: '^(libs|services|cli)/', pathNot: '(\\.(spec|contract)\\.ts$|/testing/)' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['dr-source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
