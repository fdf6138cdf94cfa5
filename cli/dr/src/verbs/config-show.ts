import { facts, printable, table } from '../output/table.ts';
import type { EffectiveValue } from '../resources.ts';
import { verb } from '../verb/verb.ts';

export const configShow = verb({
  name: 'config show',
  summary: 'Show the configuration that is in force, each value with where it came from',
  about:
    'Needs an admin key. Secrets show only that they are set. Origins: default, yaml (the file of DR_CONFIG), environment, flag, start (npm start chose it).',
  examples: [
    ['dr config show', 'every setting by the name under which it is or could be set'],
    [`dr config show --json | jq '."backup.path"'`, 'one setting, for a script'],
  ],
  run: async (_args, { api, out }) => {
    const config = await (await api()).get<Record<string, unknown>>('/config');
    out.answer(config, () => configText(settingsOf(config)));
  },
});

/** The settings may stand in the answer itself or below `settings`. */
function settingsOf(config: Record<string, unknown>): [string, EffectiveValue][] {
  const at = (config['settings'] ?? config['config'] ?? config) as Record<string, unknown>;
  const isValue = (value: unknown): value is EffectiveValue => typeof value === 'object' && value !== null && 'origin' in value;
  return Object.entries(at).filter((entry): entry is [string, EffectiveValue] => isValue(entry[1]));
}

function configText(settings: readonly (readonly [string, EffectiveValue])[]): string {
  const rows = settings.map(([path, { key, value, origin }]) => [key ?? path, shown(value), origin]);
  const notes = settings.flatMap(([path, { key, note }]) => (note ? [[key ?? path, note] as const] : []));
  const main = table([{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'ORIGIN' }], rows);
  return notes.length > 0 ? `${main}\n\n${facts(notes)}` : main;
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
