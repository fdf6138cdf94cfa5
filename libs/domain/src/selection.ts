import { Refused } from './errors.ts';
import { DATASETS_MAX, REQUEST_BYTES_MAX } from './limits.ts';
import { canonicalJson } from './log/canonical-json.ts';

/**
 * What is selected must be something, must fit, and must be numbered 1 to N: the numbers name the streams of the parts.
 * @throws Refused `<subject>.nothing_selected`, `.too_many_datasets` or `.bad_numbering`.
 */
export function assertSelection(subject: 'backup' | 'restore', datasets: readonly { readonly n: number }[]): void {
  if (datasets.length === 0) {
    throw new Refused(
      `${subject}.nothing_selected`,
      `The ${subject} was not started because it selects no data set. Check the tenant and the data set ids; GET /datasets lists what is there.`,
    );
  }
  if (datasets.length > DATASETS_MAX) {
    throw new Refused(
      `${subject}.too_many_datasets`,
      `The ${subject} was not started: it selects ${datasets.length} data sets and one ${subject} takes at most ${DATASETS_MAX}. Split it by data set ids.`,
    );
  }
  if (datasets.some((dataset, i) => dataset.n !== i + 1)) {
    throw new Refused(
      `${subject}.bad_numbering`,
      `The ${subject} was not started: its data sets must be numbered 1 to ${datasets.length} in order.`,
    );
  }
}

/** The request as an event must fit a message of the bus. @throws Refused `<subject>.too_large`. */
export function assertFits(subject: 'backup' | 'restore', request: object): void {
  const bytes = Buffer.byteLength(canonicalJson(request));
  if (bytes <= REQUEST_BYTES_MAX) return;
  throw new Refused(
    `${subject}.too_large`,
    `The ${subject} was not started: its request takes ${bytes} bytes and may take ${REQUEST_BYTES_MAX}. Split it by data set ids.`,
  );
}

/** The first value that occurs twice. */
export function firstRepeated(values: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return values.find((value) => seen.size === seen.add(value).size);
}
