import type { FieldProblem } from './problem.ts';

/** Levels of lists and objects in each other; what recurses over a request can rely on it. */
export const DEPTH_MAX = 32;

/**
 * What of a request nobody could store or pass on: text with NUL or half a surrogate pair (PostgreSQL takes neither), and nesting without end.
 * Walks without recursion, since what it looks for is meant to break that.
 */
export function unfitParts(value: unknown): Omit<FieldProblem, 'in'>[] {
  const problems: Omit<FieldProblem, 'in'>[] = [];
  const open: { at: string; value: unknown; depth: number }[] = [{ at: '', value, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { at, value: item, depth } = next;
    if (typeof item === 'string') problems.push(...unfitText(at, item));
    if (typeof item !== 'object' || item === null) continue;
    if (depth >= DEPTH_MAX) return [{ pointer: '', message: `is nested deeper than ${DEPTH_MAX} levels` }];
    for (const [key, inner] of Object.entries(item)) {
      problems.push(...unfitText(at, key));
      open.push({ at: `${at}/${pointerStep(key)}`, value: inner, depth: depth + 1 });
    }
  }
  return problems;
}

/** A key as a step of a JSON pointer (RFC 6901). */
export const pointerStep = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

function unfitText(pointer: string, text: string): Omit<FieldProblem, 'in'>[] {
  if (text.includes('\0')) return [{ pointer, message: 'holds a NUL character' }];
  return text.isWellFormed() ? [] : [{ pointer, message: 'is not well-formed Unicode' }];
}
