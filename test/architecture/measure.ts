import ts from 'typescript';
import { place, visit } from './sources.ts';

export interface MeasuredFunction {
  place: string;
  lines: number;
}

/** Every function, method and arrow function with a body, with the lines from its first to its last. */
export function functionsIn(source: ts.SourceFile): MeasuredFunction[] {
  const found: MeasuredFunction[] = [];
  visit(source, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return;
    const [first, last] = [node.getStart(), node.getEnd()].map((at) => source.getLineAndCharacterOfPosition(at).line);
    found.push({ place: place(source, node), lines: last! - first! + 1 });
  });
  return found;
}

export function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Uses of the clock, of randomness and of the environment, which are to be passed in. */
export function impureUses(source: ts.SourceFile): string[] {
  const found: string[] = [];
  visit(source, (node) => {
    const use = impureUse(node);
    if (use) found.push(`${place(source, node)} ${use}`);
  });
  return found;
}

const bannedMembers = ['Date.now', 'Math.random', 'process.env'];

function impureUse(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) return 'new Date()';
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  return bannedMembers.find((member) => member === `${node.expression.getText()}.${node.name.text}`);
}

const emptyWords = ['util', 'utils', 'common', 'base', 'manager', 'helper', 'helpers', 'misc'];

/** Words of a path or of a name (`fooBar`, `foo-bar`) that say nothing. */
export function emptyWordsOf(name: string): string[] {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.filter((word) => emptyWords.includes(word));
}

/** Classes with a name that says nothing. */
export function emptyClassNames(source: ts.SourceFile): string[] {
  const found: string[] = [];
  visit(source, (node) => {
    if (ts.isClassDeclaration(node) && node.name && emptyWordsOf(node.name.text).length > 0)
      found.push(`${place(source, node)} ${node.name.text}`);
  });
  return found;
}
