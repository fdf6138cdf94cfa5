import { StandardSchemaValidationPipe } from '@nestjs/common';
import { type FieldProblem, HttpProblem } from './problem.ts';
import { pointerStep } from './unfit-text.ts';

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
  /** zod names the fields that nobody knows here. */
  keys?: readonly string[];
}

const segment = (part: PropertyKey | { key: PropertyKey }): string => pointerStep(String(typeof part === 'object' ? part.key : part));

/** One problem per field: `/dataset_ids/0` of the issue's path is its JSON pointer; unknown fields are named one by one. */
export function problemsOf(issue: Issue): FieldProblem[] {
  const at = (issue.path ?? []).map((part) => `/${segment(part)}`).join('');
  if (issue.keys === undefined) return [{ pointer: at, message: issue.message }];
  return issue.keys.map((key) => ({ pointer: `${at}/${pointerStep(key)}`, message: 'is not a field of this request' }));
}

/** Problems named in one reply; a body of a megabyte can have very many. */
const PROBLEMS_MAX = 100;

export const invalidRequest = (errors: readonly FieldProblem[]): HttpProblem =>
  new HttpProblem(400, 'request.invalid', `The request has ${errors.length} problem(s); \`errors\` names each one.`, {
    errors: errors.slice(0, PROBLEMS_MAX),
  });

/** For a schema that stands on a handler's parameter. Declared routes are read by ValidateInput before. */
export const validationPipe = (): StandardSchemaValidationPipe =>
  new StandardSchemaValidationPipe({ exceptionFactory: (issues: readonly Issue[]) => invalidRequest(issues.flatMap(problemsOf)) });
