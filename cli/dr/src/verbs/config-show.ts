import { printable, table } from '../output/table.ts';
import type { EffectiveConfig } from '../resources.ts';
import { verb } from '../verb/verb.ts';

export const configShow = verb({
  name: 'config show',
  summary: 'Show the configuration that is in force, each value with where it came from',
  about:
    'Needs an admin key. Secrets show only that they are set. Origins: default, yaml (the file of DR_CONFIG), environment, flag, start (npm start chose it).',
  examples: [
    ['dr config show', 'every setting by the name under which it is or could be set'],
    [`dr config show --json | jq '.settings."backup.path"'`, 'one setting, for a script'],
  ],
  run: async (_args, { api, out }) => {
    const config = await (await api()).get<EffectiveConfig>('/config');
    out.answer(config, () => configText(config));
  },
});

function configText({ settings, warnings }: EffectiveConfig): string {
  const rows = Object.entries(settings).map(([path, { key, value, origin }]) => [key ?? path, shown(value), origin]);
  const main = table([{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'ORIGIN' }], rows);
  return [main, ...(warnings.length > 0 ? [warnings.map((warning) => printable(`warning: ${warning}`)).join('\n')] : [])].join('\n\n');
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
