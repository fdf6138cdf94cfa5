import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { notBuilt, verbs } from '../verbs/index.ts';
import { findVerb } from './find-verb.ts';
import { parseVerb } from './parse.ts';
import { cliReference } from './reference.ts';

const all = await Promise.all(Object.values(verbs).map((load) => load()));

test('docs/cli.md is what the verbs say: `tools/write-docs` brings it up to date', () => {
  const file = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'cli.md');
  expect(readFileSync(file, 'utf8')).toBe(cliReference(all));
});

test('every verb of the contract is there, or is said to be not built', () => {
  const contract =
    `create list status show contents diff promote restore cancel delete undelete cleanup verify test-restore drill hold release test export
    events audit stats config api-keys keys schedule policy catalog completion`.split(/\s+/);
  const known = [...Object.keys(verbs).map((words) => words.split(' ')[0]!), ...Object.keys(notBuilt)];
  expect(contract.filter((word) => !known.includes(word))).toEqual([]);
  expect(Object.keys(notBuilt).filter((word) => Object.keys(verbs).some((words) => words.split(' ')[0] === word))).toEqual([]);
});

test.each(all.flatMap((verb) => verb.examples.map(([line, does]) => [line, does, verb.words] as const)))(
  '%s',
  async (line, does, words) => {
    expect(does).not.toBe('');
    const [, command] = /(?:^|\(|\s)dr ((?:[^|>)]|\|(?! ))*)/.exec(line.replace(/^dr --repo \S+ --passphrase-file \S+ /, 'dr '))!;
    const argv = [...command!.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain!);
    const found = await findVerb(argv);
    if (!('verb' in found)) throw new Error(`${line} names no verb`);
    expect(found.verb.words).toBe(words);
    expect(() => parseVerb(found.verb, found.rest)).not.toThrow();
  },
);
