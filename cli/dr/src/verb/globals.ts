import { flag, text } from './option.ts';

/** Options that every verb has; they may also stand before the verb. */
export const everywhere = {
  repo: text('URI', 'work on the storage alone, with no service: file:///srv/backup or a folder'),
  passphraseFile: text('FILE', 'the passphrase of the repository (with --repo)'),
  json: flag('the answer as JSON'),
  help: flag('this text'),
};

/** Options that may stand before the verb. Behind it --version is the verb's own, if it has one. */
export const globals = { ...everywhere, version: flag('the version of this program') };

export interface Globals {
  repo: string | undefined;
  passphraseFile: string | undefined;
  json: boolean;
  help: boolean;
  version: boolean;
}
