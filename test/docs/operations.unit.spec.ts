/** The examples of docs/operations are good: configuration that loads without a word, JSON that parses, scripts that a shell understands. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '@dr/config';
import { parse } from 'yaml';

const FOLDER = join(import.meta.dirname, '../../docs/operations');

const examples = readdirSync(FOLDER).flatMap((page) =>
  [...readFileSync(join(FOLDER, page), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text], i) => ({
    name: `${page}, example ${i + 1}`,
    language: language!,
    text: text!,
  })),
);
const of = (language: string) => examples.filter((example) => example.language === language);

const configurations = of('yaml').filter(({ text }) => Object.keys(parse(text) as object)[0] === 'backup');

test('there are examples of each kind', () => {
  expect([configurations.length, of('json').length, of('sh').length].every((n) => n > 0)).toBe(true);
});

test.each(configurations)('$name is a configuration that is acted on', ({ text }) => {
  const env = { DR_CONFIG: '/c.yaml', DR_HOME: '/h' };
  const { warnings } = loadConfig({ env, readFile: (path) => (path === '/c.yaml' ? text : ''), realPath: (path) => path });
  expect(warnings).toEqual([]);
});

test.each(of('json'))('$name is JSON', ({ text }) => {
  expect(() => JSON.parse(text)).not.toThrow();
});

test.each(of('sh'))('$name is a script', ({ text }) => {
  expect(spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' }).stderr).toBe('');
});
