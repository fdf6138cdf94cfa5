import { relative } from 'node:path';
import type { CredentialsFile } from './credentials.ts';

export interface Welcome {
  credentials: CredentialsFile;
  home: string;
  sourceRoot: string;
  repositoryPath: string;
  /** The key itself is shown only to a person at a terminal. */
  terminal: boolean;
  folder: string;
  seconds: number;
  /** The repository cannot be opened. */
  isBroken: boolean;
}

/** What the terminal shows once everything runs. */
export function welcome({ credentials, home, sourceRoot, repositoryPath, terminal, folder, seconds, isBroken }: Welcome): string[] {
  const near = (path: string) => (path.startsWith(`${folder}/`) ? relative(folder, path) : path);
  return [
    '',
    isBroken
      ? 'Tributary DR runs, but NO BACKUP CAN BE MADE OR RESTORED: the repository cannot be opened (see the warning above).'
      : `Tributary DR is ready (${seconds.toFixed(1)} s).`,
    `  gateway     ${credentials.url}`,
    `  API key     in ${near(credentials.file)}, from where ./bin/dr takes it${terminal && credentials.isNew ? `: ${credentials.api_key}` : ''}`,
    `  data sets   ${near(sourceRoot)}/<tenant>/<data set>`,
    `  repository  ${near(repositoryPath)}`,
    `  logs        ${near(home)}/logs`,
    'Try next, in another terminal:',
    '  ./bin/dr list',
    '  ./bin/dr create --type full --tenant-id demo',
    '  ./bin/dr restore latest --tenant-id demo --target-tenant demo-copy',
    'Ctrl-C stops everything.',
  ];
}
