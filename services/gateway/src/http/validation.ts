import { StandardSchemaValidationPipe } from '@nestjs/common';
import { HttpProblem } from './problem.ts';

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
}

const segment = (part: PropertyKey | { key: PropertyKey }): string => String(typeof part === 'object' ? part.key : part);

/** `/dataset_ids/0` of an issue's path: the JSON pointer of the field that is wrong. */
const pointer = (issue: Issue): string => (issue.path ?? []).map((part) => `/${segment(part)}`).join('');

/** Bodies and queries are checked by the zod schema on the parameter; every problem is told at once, each with its pointer. */
export const validationPipe = (): StandardSchemaValidationPipe =>
  new StandardSchemaValidationPipe({
    exceptionFactory: (issues: readonly Issue[]) =>
      new HttpProblem(400, 'request.invalid', `The request has ${issues.length} problem(s); \`errors\` names each one.`, {
        errors: issues.map((issue) => ({ pointer: pointer(issue), message: issue.message })),
      }),
  });
