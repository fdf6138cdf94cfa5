const NAMED = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names that stand for min, min + 1, … */
  readonly names?: readonly string[];
}

const SECOND: Field = { name: 'second', min: 0, max: 59 };

const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { name: 'day of the week', min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

/** What is wrong with a cron expression, in words that say what would be right; undefined = nothing. */
export function cronProblem(expression: string): string | undefined {
  const words = expression.trim().split(/\s+/);
  if (words.length === 1 && NAMED.includes(words[0]!.toLowerCase())) return undefined;
  if (words.length !== 5 && words.length !== 6) {
    return `must be a cron expression of five fields, such as "0 2 * * *", or one of ${NAMED.join(', ')}`;
  }
  const fields = words.length === 6 ? [SECOND, ...FIELDS] : FIELDS;
  const bad = fields.findIndex((field, i) => !words[i]!.split(',').every((part) => isPart(part, field)));
  if (bad < 0) return undefined;
  const { name, min, max, names } = fields[bad]!;
  const also = names ? ` or ${names[0]} to ${names.at(-1)}` : '';
  return `has ${JSON.stringify(words[bad])} as ${name}, which takes ${min} to ${max}${also}, as *, a list (1,2), a range (1-5) or with a step (*/2)`;
}

/** '*', 'n', 'n-m', each with a step behind '/'. */
function isPart(part: string, field: Field): boolean {
  const [range, step, ...rest] = part.split('/');
  if (rest.length > 0 || (step !== undefined && !/^[1-9]\d{0,3}$/.test(step))) return false;
  if (range === '*' || (range === '?' && field.name.startsWith('day'))) return true;
  const ends = range!.split('-').map((word) => numberOf(word, field));
  return ends.length <= 2 && ends.every((n) => n >= field.min && n <= field.max) && ends[0]! <= ends.at(-1)!;
}

function numberOf(word: string, { min, names }: Field): number {
  const named = names?.indexOf(word.toLowerCase()) ?? -1;
  if (named >= 0) return min + named;
  return /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
}
