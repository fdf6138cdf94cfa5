import { leavesOf, type Origin } from './layers.ts';
import type { Config } from './load-config.ts';
import { settings } from './settings.ts';

export interface EffectiveValue {
  readonly value: unknown;
  readonly origin: Origin;
}

/** Every setting by its path, with its value and where it came from. Secrets show only that they are set; passwords in URLs are masked. */
export function effectiveConfig(config: Config): Record<string, EffectiveValue> {
  const shown = leavesOf(settings).map(([path, { secret }]) => {
    const value = path.startsWith('passphrase.') ? undefined : valueAt(config, path);
    return [path, { value: secret ? masked(value) : withoutPassword(value), origin: config.origins[path] ?? 'default' }] as const;
  });
  const visible = shown.filter(([path]) => !path.startsWith('passphrase.'));
  return { ...Object.fromEntries(visible), passphrase: passphraseShown(config) };
}

function passphraseShown({ passphrase, origins }: Config): EffectiveValue {
  const key = { value: 'passphrase.value', file: 'passphrase.file', command: 'passphrase.command', home: '', missing: '' }[passphrase.kind];
  const value = 'path' in passphrase ? `file ${passphrase.path}` : passphrase.kind === 'missing' ? null : `(${passphrase.kind})`;
  return { value, origin: origins[key] ?? 'default' };
}

function valueAt(config: object, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], config);
}

const masked = (value: unknown): unknown =>
  value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0) ? null : '(set)';

function withoutPassword(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? null;
  return value.replaceAll(/(\w+:\/\/[^:@/\s]*):[^@\s]*@/g, '$1:***@');
}
