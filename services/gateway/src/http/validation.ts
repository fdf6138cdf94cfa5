import { StandardSchemaValidationPipe } from '@nestjs/common';
import { type FieldProblem, HttpProblem } from './problem.ts';

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
  /** zod names the fields that nobody knows here. */
  keys?: readonly string[];
}

const segment = (part: PropertyKey | { key: PropertyKey }): string => String(typeof part === 'object' ? part.key : part);

/** One problem per field: `/dataset_ids/0` of the issue's path is its JSON pointer; unknown fields are named one by one. */
function problemsOf(issue: Issue): FieldProblem[] {
  const at = (issue.path ?? []).map((part) => `/${segment(part)}`).join('');
  if (issue.keys === undefined) return [{ pointer: at, message: issue.message }];
  return issue.keys.map((key) => ({ pointer: `${at}/${key}`, message: 'is not a field of this request' }));
}

/** Bodies and queries are checked by the zod schema on the parameter; every problem is told at once, each with its pointer. */
export const validationPipe = (): StandardSchemaValidationPipe =>
  new StandardSchemaValidationPipe({
    exceptionFactory: (issues: readonly Issue[]) => {
      const errors = issues.flatMap(problemsOf);
      return new HttpProblem(400, 'request.invalid', `The request has ${errors.length} problem(s); \`errors\` names each one.`, { errors });
    },
  });
