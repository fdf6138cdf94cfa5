import { decodeUtf8, parseExactJson } from '../bytes/exact-json.ts';
import { asObject, field } from '../bytes/json-shape.ts';
import { decodeSizedLz4 } from '../bytes/lz4-block.ts';
import { Malformed, reasonOf } from '../errors.ts';
import type { Operation } from './operation.ts';
import { parseOperation } from './parse-operation.ts';
import type { LogName } from './paths.ts';

/** What one log file says. */
export interface LogContent {
  readonly operations: readonly Operation[];
  /** The writer's clock, unix milliseconds (whole seconds in the log). */
  readonly writtenAtMs: number | undefined;
  readonly message: string | undefined;
}

const NEWLINE = 10;

/**
 * Reads a log file: plain or LZ4 by its extension (a size prefix may begin with '{' by chance), one JSON object per line, the first of them
 * `commit`, a newline after the last. @throws Malformed for anything else (check T3). Source: DEEPLAKE_V4.md section 2.2.
 */
export function parseLogFile(name: LogName, bytes: Uint8Array): LogContent {
  const [first, ...rest] = logLines(name, bytes);
  const commit = first === undefined ? undefined : field(asObject(parseLine(first, 0), 'line 1'), 'commit');
  if (commit === undefined) throw new Malformed('the first line is not a commit');
  const operations = rest.map((line, i) => operationOf(parseLine(line, i + 1), i + 2));
  return { operations, ...commitFields(commit) };
}

/** The lines of a log file without their ends, empty ones left out. @throws Malformed. */
export function logLines(name: LogName, bytes: Uint8Array): Uint8Array[] {
  if (bytes.length === 0) throw new Malformed('the log file is empty');
  const content = name.compressed ? decodeSizedLz4(bytes) : bytes;
  if (content.at(-1) !== NEWLINE) throw new Malformed('the log file does not end with a newline');
  return [...lines(content)];
}

function* lines(content: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(NEWLINE, start);
    if (end > start) yield content.subarray(start, end);
    start = end + 1;
  }
}

function parseLine(line: Uint8Array, index: number): unknown {
  try {
    return parseExactJson(decodeUtf8(line));
  } catch (error) {
    throw new Malformed(`line ${index + 1}: ${reasonOf(error)}`);
  }
}

function operationOf(line: unknown, number: number): Operation {
  try {
    return parseOperation(line);
  } catch (error) {
    throw new Malformed(`line ${number}: ${reasonOf(error)}`);
  }
}

function commitFields(commit: unknown): Pick<LogContent, 'writtenAtMs' | 'message'> {
  const body = asObject(commit, 'commit');
  const seconds = field(body, 'clientTimestamp');
  const message = field(body, 'message');
  return {
    writtenAtMs: typeof seconds === 'number' && Number.isFinite(seconds) ? Math.round(seconds * 1000) : undefined,
    message: typeof message === 'string' ? message : undefined,
  };
}
