import { type Leaf, leavesOf } from './layers.ts';
import { settings } from './settings.ts';

const INTRO = `# Configuration

<!-- Made from libs/config/src/settings.ts by \`tools/write-docs\`; a test keeps it so. -->

Settings come from four places; a later one wins over an earlier one: **defaults**, the **YAML file** that \`DR_CONFIG\` names (its only top key is \`backup:\`), the **environment**, and **flags** (\`npm start -- --port 9000\`, \`dr --passphrase-file FILE\`). An empty variable counts as not given.

Everything is checked at the start, and every problem is told at once with the key where it was given. Unknown keys of the file are problems; unknown variables that begin with \`BACKUP_\` or \`DR_\` are warnings, since another program may own them. \`dr config show\` tells each value that is in force, and where it came from; secrets are never shown.

What is marked _not acted on yet_ is read and checked, and a warning at every start says what does not happen. Commands, hooks and URLs of hooks come from the file alone, never from the environment or the API.`;

const END = `## An example

\`\`\`yaml
backup:
  storage_backend: local
  local:
    path: /mnt/backups/deeplake
  compression: true
  compression_level: 3
  parallel_workers: 4
\`\`\`

\`\`\`
DR_CONFIG=/etc/tributary-dr.yaml BACKUP_PASSPHRASE_FILE=/etc/tributary-dr.passphrase npm start
\`\`\``;

const SECTIONS: readonly (readonly [title: string, paths: RegExp])[] = [
  ['Starting', /^(home|logLevel|server|deeplake)(\.|$)/],
  ['The repository', /^backup\.(storage|path|compression|compressionLevel|encryption|encryptionKeys|replicas)$/],
  ['Its passphrase', /^passphrase\./],
  ['Backups', /^backup\.(enabled|parallelWorkers|sliceBytes|batchSize|systemState|hooks\.\w+|limits\.\w+|logFile)$/],
  ['Schedules, retention, verification', /^backup\.(schedules?|retentionDays|retentionPolicy\.\w+|verification)$/],
  ['Database and bus of your own', /^(database|nats)\./],
  ['The command line', /^client\./],
  ['Amazon S3', /^backup\.s3\./],
  ['Google Cloud Storage', /^backup\.gcs\./],
  ['Azure Blob Storage', /^backup\.azure\./],
];

/** The text of docs/configuration.md: every setting, by what it is about. */
export function configurationReference(): string {
  const leaves = leavesOf(settings);
  const sections = SECTIONS.map(([title, paths]) =>
    section(
      title,
      leaves.filter(([path]) => paths.test(path)),
    ),
  );
  return `${[INTRO, ...sections, END].join('\n\n')}\n`;
}

/** Settings that no section shows; the test wants none. */
export function unsectioned(): string[] {
  return leavesOf(settings).flatMap(([path]) => (SECTIONS.filter(([, paths]) => paths.test(path)).length === 1 ? [] : [path]));
}

function section(title: string, leaves: readonly Leaf[]): string {
  const rows = leaves.map(([, setting]) => {
    const { env, yaml, flag, schema, about, secret, idle, refused } = setting;
    const names = [env && code(env), yaml && code(`backup.${yaml}`), flag && code(flag)].filter((name) => name);
    const notes = [secret && 'Secret.', idle && `_Not acted on yet: ${idle}._`, refused && `_Refused in this version: ${refused}._`];
    return [names.join('<br>'), schema.description ?? '', standardOf(setting), [about, ...notes].filter((note) => note).join(' ')];
  });
  return [`## ${title}`, '', ...table([['Set by', 'Takes', 'Default', 'Meaning'], ...rows])].join('\n');
}

function standardOf({ standard, fallback }: Leaf[1]): string {
  if (standard !== undefined) return standard;
  const nothing = fallback === undefined || (typeof fallback === 'object' && Object.keys(fallback ?? {}).length === 0);
  return nothing ? '' : code(String(fallback));
}

const code = (text: string): string => `\`${text}\``;

/** Columns as wide as the formatter makes them. */
function table([head, ...rows]: string[][]): string[] {
  const cells = [head!, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head!.map((_, i) => Math.max(3, ...cells.map((row) => [...row[i]!].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell + ' '.repeat(widths[i]! - [...cell].length)).join(' | ')} |`;
  const [title, ...body] = cells.map(line);
  return [title!, line(widths.map((width) => '-'.repeat(width))), ...body];
}
