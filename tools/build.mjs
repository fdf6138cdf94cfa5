/**
 * Builds every workspace: src/**\/*.ts → dist/**\/*.js, one file to one file (types are checked by `npm run typecheck`).
 * A file is compiled only when it is newer than its output; outputs whose source is gone are removed.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import swc from '@swc/core';
import { bundleCommandLine } from './bundle.mjs';
import { swcOptions } from './swc-options.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Maps in files of their own: what stands in a program's text, each of its processes and threads keeps in memory. */
const options = { ...swcOptions, sourceMaps: true, jsc: { ...swcOptions.jsc, rewriteRelativeImportExtensions: true } };

async function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile() && e.name.endsWith(ending)).map((e) => join(e.parentPath, e.name));
}

const isProductSource = (file) => !/\.(spec|contract|d)\.ts$/.test(file) && !file.includes('/testing/');

async function buildFile(source, target) {
  const map = `${target}.map`;
  const [from, ...built] = await Promise.all([stat(source), ...[map, target].map((file) => stat(file).catch(() => undefined))]);
  if (built.every((file) => file && file.mtimeMs >= from.mtimeMs)) return 0;
  const output = await swc.transformFile(source, options);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(map, output.map);
  await writeFile(target, `${output.code}//# sourceMappingURL=${basename(map)}\n`);
  return 1;
}

async function buildWorkspace(folder) {
  const [src, dist] = [join(folder, 'src'), join(folder, 'dist')];
  const sources = (await filesBelow(src, '.ts')).filter(isProductSource);
  const targets = new Map(sources.map((s) => [join(dist, relative(src, s).replace(/\.ts$/, '.js')), s]));
  for (const old of await filesBelow(dist, '.js')) if (!targets.has(old)) await Promise.all([rm(old), rm(`${old}.map`, { force: true })]);
  const built = await Promise.all([...targets].map(([target, source]) => buildFile(source, target)));
  return built.reduce((a, b) => a + b, 0);
}

async function workspaces() {
  const groups = ['libs', 'services', 'cli'];
  const found = await Promise.all(groups.map(async (g) => (await readdir(join(root, g))).map((n) => join(root, g, n))));
  return found.flat().filter((folder) => existsSync(join(folder, 'package.json')));
}

/** A library that came with a pull is found at once; `npm ci` makes the same links. */
async function link(folder) {
  const { name } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const at = join(root, 'node_modules', name);
  if (existsSync(at)) return;
  await mkdir(dirname(at), { recursive: true });
  await symlink(relative(dirname(at), folder), at);
}

let count = 0;
const all = await workspaces();
for (const folder of all) await link(folder);
for (const folder of all) count += await buildWorkspace(folder);
if (count > 0 || !existsSync(join(root, 'cli', 'dr', 'bundle'))) bundleCommandLine(root);
process.stderr.write(`build: ${count} files compiled\n`);
