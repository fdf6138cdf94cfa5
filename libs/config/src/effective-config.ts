import { type Leaf, leavesOf, type Origin } from './layers.ts';
import type { Config } from './load-config.ts';
import { masked, withoutPassword } from './secrets.ts';
import { settings } from './settings.ts';

export interface EffectiveValue {
  readonly value: unknown;
  readonly origin: Origin;
  /** What was typed to give it, or could be: a variable, a YAML path (`backup.…`) or a flag. */
  readonly key: string;
  /** What does not happen although it is given: nothing acts on it in this version. */
  readonly note?: string;
}

/** Every setting by its path, with its value and where it came from. Secrets show only that they are set; passwords in URLs are masked. */
export function effectiveConfig(config: Config): Record<string, EffectiveValue> {
  const shown = leavesOf(settings).filter(([path]) => !path.startsWith('passphrase.'));
  return { ...Object.fromEntries(shown.map((leaf) => [leaf[0], effectiveValue(config, leaf)])), passphrase: passphraseShown(config) };
}

function effectiveValue(config: Config, [path, setting]: Leaf): EffectiveValue {
  const value = valueAt(config, path);
  const origin = config.origins[path] ?? 'default';
  const key = config.keys[path] ?? setting.env ?? `backup.${setting.yaml}`;
  const idle = origin !== 'default' && setting.idle ? { note: `nothing acts on it in this version: ${setting.idle}` } : {};
  return { value: setting.secret ? masked(value) : showing(setting.shown, value), origin, key, ...idle };
}

const showing = (shown: ((value: unknown) => unknown) | undefined, value: unknown): unknown =>
  (shown && value !== undefined ? shown(value) : withoutPassword(value)) ?? null;

function passphraseShown({ passphrase, origins, keys }: Config): EffectiveValue {
  const path = { value: 'passphrase.value', file: 'passphrase.file', command: 'passphrase.command', home: '', missing: '' }[
    passphrase.kind
  ];
  const value = 'path' in passphrase ? `file ${passphrase.path}` : passphrase.kind === 'missing' ? null : `(${passphrase.kind})`;
  return { value, origin: origins[path] ?? 'default', key: keys[path] ?? 'BACKUP_PASSPHRASE_FILE' };
}

function valueAt(config: object, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], config);
}
