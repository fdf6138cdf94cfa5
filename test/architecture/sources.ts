/** The files of the project as git sees them, and what the specs of this folder ask of them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

export const root = resolve(import.meta.dirname, '..', '..');

/** Committed files and those that would be: everything that no .gitignore names. */
export function projectFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  return listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const isCode = (file: string): boolean => /\.(ts|mjs|cjs)$/.test(file) && !file.endsWith('.d.ts');

/** Specs, contract suites and what they share. */
export const isTest = (file: string): boolean => /\.(spec|contract)\.ts$/.test(file) || /(^|\/)(testing|test)\//.test(file);

export const codeFiles = (): string[] => projectFiles().filter(isCode);
export const productionFiles = (): string[] => codeFiles().filter((file) => !isTest(file));

export function parse(file: string, text = textOf(file)): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** `file:line`, as an editor takes it. */
export function place(source: ts.SourceFile, node: ts.Node): string {
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}
