import { emptyClassNames, emptyWordsOf, functionsIn, impureUses, median } from './measure.ts';
import { codeFiles, isTest, parse, productionFiles, projectFiles, textOf } from './sources.ts';

const limits = { functionLines: 70, medianLines: 12, fileLines: 500 };

/** The one place of the clock and the environment; programs outside the product. */
const mayBeImpure = (file: string): boolean => file === 'libs/config/src/system.ts' || /^(deploy|tools|scripts)\//.test(file);

describe('size', () => {
  const measured = productionFiles().flatMap((file) => functionsIn(parse(file)));

  test(`no function is longer than ${limits.functionLines} lines`, () => {
    expect(measured.length).toBeGreaterThan(100);
    expect(measured.filter((f) => f.lines > limits.functionLines)).toEqual([]);
  });

  test(`half of all functions have at most ${limits.medianLines} lines`, () => {
    expect(median(measured.map((f) => f.lines))).toBeLessThanOrEqual(limits.medianLines);
  });

  test(`no file, tests included, is longer than ${limits.fileLines} lines`, () => {
    const long = codeFiles().map((file) => ({ file, lines: textOf(file).split('\n').length - 1 }));
    expect(long.filter((f) => f.lines > limits.fileLines)).toEqual([]);
  });
});

test('clock, randomness and environment are passed in', () => {
  const files = productionFiles().filter((file) => !mayBeImpure(file));
  expect(files.flatMap((file) => impureUses(parse(file)))).toEqual([]);
});

test('names say what a thing is', () => {
  expect(codeFiles().filter((file) => emptyWordsOf(file).length > 0)).toEqual([]);
  expect(productionFiles().flatMap((file) => emptyClassNames(parse(file)))).toEqual([]);
});

test('nothing that matters is left for later', () => {
  const mark = new RegExp(`\\b(${['TO', 'FIX'].map((w) => (w === 'TO' ? 'TODO' : 'FIXME')).join('|')}|XXX)\\b`);
  expect(productionFiles().filter((file) => mark.test(textOf(file)))).toEqual([]);
});

test('tests are focused on nothing and skip only what a platform lacks', () => {
  const specs = codeFiles().filter((file) => /\.(spec|contract)\.ts$/.test(file));
  expect(specs.filter((file) => /\b(test|it|describe)\.only\(|\bf(it|describe)\(/.test(textOf(file)))).toEqual([]);
});

test('no committed file names the host of a package registry, or a folder of somebody’s machine', () => {
  const host = (...parts: string[]) => parts.join('\\.');
  const hosts = [
    host('registry', 'npmjs', 'org'),
    host('registry', 'yarnpkg', 'com'),
    host('npmmirror', 'com'),
    host('pypi', 'org/simple'),
    host('files', 'pythonhosted', 'org'),
    host('proxy', 'golang', 'org'),
    host('index', 'crates', 'io'),
  ];
  const pattern = new RegExp(`${hosts.join('|')}|"resolved": "ht{2}p|${['', 'work', '(main|shared)'].join('/')}\\b`);
  const texts = projectFiles().filter((file) => !/\.(gz|png|bin)$/.test(file));
  expect(texts.filter((file) => pattern.test(textOf(file)))).toEqual([]);
});

describe('the measures themselves', () => {
  const source = (text: string) => parse('x.ts', text);

  test('count lines of functions, methods and arrow functions', () => {
    const lines = functionsIn(source('function a() {\n}\nclass B { c() {\n\n} }\nconst d = () => 1;\ndeclare function e(): void;')).map(
      (f) => f.lines,
    );
    expect(lines).toEqual([2, 3, 1]);
    expect(median([5, 1, 3])).toBe(3);
  });

  test('find every impure use', () => {
    const uses = impureUses(
      source('Date.now(); new Date(); new Date(1); Math.random(); process.env["X"]; const now = Date.now; Date.UTC(1)'),
    );
    expect(uses.map((u) => u.replace(/^x.ts:\d+ /, ''))).toEqual(['Date.now', 'new Date()', 'Math.random', 'process.env', 'Date.now']);
  });

  test('find empty words inside names, and leave other words alone', () => {
    expect(emptyWordsOf('libs/x/src/string-utils.ts')).toEqual(['utils']);
    expect(emptyWordsOf('libs/event-store/src/database.ts')).toEqual([]);
    expect(emptyClassNames(source('class JobManager {}\nclass Base {}\nclass Basement {}'))).toHaveLength(2);
    expect(isTest('test/e2e/x.ts') && isTest('libs/a/src/testing/x.ts') && !isTest('libs/a/src/latest/x.ts')).toBe(true);
  });
});
