/**
 * Links a built program and all that it imports into one file, because a process that lives for half a second spends a tenth of it on finding and opening a
 * hundred modules (docs/decisions/0070). Each module becomes a function that runs when it is first asked for, as it would from files of its own.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';

/** The engine's thread, below the checkout: stands as worker.js beside whatever program has the engine in it. */
export const WORKER = join('libs', 'repository', 'dist', 'workers', 'worker.js');

const options = {
  swcrc: false,
  sourceMaps: false,
  jsc: { target: 'es2024', parser: { syntax: 'ecmascript' } },
  module: { type: 'commonjs' },
};
const REQUIRED = /\brequire\("([^"]+)"\)/g;
/** What was embedded by the first compilation; it would be read through at every start. */
const SOURCE_MAP = /^\/\/# sourceMappingURL=.*$/gm;

/** @param {string} root the checkout @param {string} from a built file @param {string} name @returns {string | undefined} a built file; undefined: not ours */
function resolve(root, from, name) {
  if (name.startsWith('.')) return join(dirname(from), name);
  const [, workspace, path] = /^(@dr\/[a-z-]+)(\/.+)?$/.exec(name) ?? [];
  if (!workspace) return undefined;
  const folder = join(root, 'node_modules', workspace);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, exports[`.${path ?? ''}`].default);
}

/** @param {string} code @param {Map<string, number>} numbers of the modules by the names that the code has for them @param {boolean} isEntry */
function wrapped(code, numbers, isEntry) {
  const linked = code.replace(REQUIRED, (whole, name) => (numbers.has(name) ? `link(${numbers.get(name)})` : whole));
  return `${isEntry ? 'async ' : ''}function (exports, module) {${linked}\n}`;
}

/** All modules that `entry` leads to, itself first. @param {string} root @param {string} entry */
function modulesFrom(root, entry) {
  const files = [entry];
  const numbers = new Map([[entry, 0]]);
  const modules = [];
  for (const file of files) {
    const { code } = transformSync(readFileSync(file, 'utf8').replace(SOURCE_MAP, ''), options);
    const names = new Map();
    for (const [, name] of code.matchAll(REQUIRED)) {
      const found = resolve(root, file, name);
      if (!found) continue;
      if (!numbers.has(found)) numbers.set(found, files.push(found) - 1);
      names.set(name, numbers.get(found));
    }
    modules.push(wrapped(code, names, file === entry));
  }
  return modules;
}

/** Runs a module when it is first asked for; one that is running is given as far as it has come, as among files. */
const LINK = `const loaded = [];
const link = (n) => {
  if (loaded[n]) return loaded[n].exports;
  const module = (loaded[n] = { exports: {} });
  modules[n](module.exports, module);
  return module.exports;
};`;

/**
 * Writes one file per entry into `folder`, in one step each; they find each other there as the modules of `entries` do.
 * @param {string} root the checkout @param {Record<string, string>} entries name of the output: built file @param {string} folder
 */
export function bundle(root, entries, folder) {
  mkdirSync(folder, { recursive: true });
  const outputs = Object.entries(entries).map(([name, entry]) => {
    return [name, `'use strict';\n${LINK}\nconst modules = [${modulesFrom(root, entry).join(',\n')}];\nlink(0);\n`];
  });
  for (const [name, text] of [['package.json', '{ "type": "commonjs" }\n'], ...outputs]) {
    const file = join(folder, name);
    writeFileSync(`${file}.${process.pid}`, text);
    renameSync(`${file}.${process.pid}`, file);
  }
}

/** The command line with the engine's worker beside it. @param {string} root */
export function bundleCommandLine(root) {
  const main = join(root, 'cli', 'dr', 'dist', 'main.js');
  const folder = join(root, 'cli', 'dr', 'bundle');
  if (existsSync(main)) bundle(root, { 'main.js': main, 'worker.js': join(root, WORKER) }, folder);
}
