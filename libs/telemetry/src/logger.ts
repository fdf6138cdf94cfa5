import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { redactLine } from './redact.ts';
import { currentTrace, currentWork, type WorkContext } from './trace.ts';

export type Logger = PinoLogger;

export interface LoggerOptions {
  /** Name of the service or program; in every line as `service`. */
  readonly service: string;
  readonly level?: string;
  /** BACKUP_LOG_FILE: every line goes there, too. Opened anew for each line, so that logrotate may move it away at any time. */
  readonly logFile?: string;
  /** Default standard output; a CLI gives standard error, since its output is the answer. */
  readonly stream?: DestinationStream;
}

/** The log file cannot be written. */
export class LogFileUnusable extends Error {
  readonly code = 'telemetry.log_file_unusable';
}

/**
 * A logger of JSON lines: ISO time, level by name, `service`, and the ids of the work that is being done (`inContext`). Secrets are masked.
 * @throws LogFileUnusable when `logFile` cannot be opened now; later failures to write it do not stop the service.
 */
export function createLogger({ service, level = 'info', logFile, stream = process.stdout }: LoggerOptions): Logger {
  const sinks = logFile === undefined ? [stream] : [stream, fileSink(logFile)];
  const destination = { write: (line: string) => writeAll(redactLine(line), sinks) };
  const options = {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: workFields,
  };
  return pino(options, destination);
}

/** A logger whose lines name this request, operation or trace. */
export const childLogger = (log: Logger, context: WorkContext): Logger => log.child(fieldsOf(context));

/** The line that tells a supervisor, whatever the level, that the service takes work: `{"ready": "<service>", "msg": "ready", …}`. */
export const announceReady = (log: Logger, service: string, more: object = {}): void =>
  log.child({ ready: service, ...more }, { level: 'info' }).info('ready');

function workFields(): Record<string, string> {
  return fieldsOf({ ...currentWork(), trace: currentTrace() });
}

function fieldsOf({ trace, requestId, operationId }: WorkContext): Record<string, string> {
  return {
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(operationId === undefined ? {} : { operation_id: operationId }),
    ...(trace === undefined ? {} : { trace_id: trace.traceId }),
  };
}

function writeAll(line: string, sinks: readonly DestinationStream[]): void {
  for (const sink of sinks) sink.write(line);
}

function fileSink(path: string): DestinationStream {
  try {
    mkdirSync(dirname(path), { recursive: true });
    append(path, '');
  } catch (cause) {
    throw new LogFileUnusable(`The log file ${path} (BACKUP_LOG_FILE) cannot be written: ${(cause as Error).message}.`, { cause });
  }
  return { write: (line) => appendOrTell(path, line) };
}

function append(path: string, line: string): void {
  const file = openSync(path, 'a', 0o640);
  try {
    writeSync(file, line);
  } finally {
    closeSync(file);
  }
}

/** A full disk must not stop backups of other disks: the line is in standard output already, and the failure is told on standard error. */
function appendOrTell(path: string, line: string): void {
  try {
    append(path, line);
  } catch (error) {
    process.stderr.write(`log file ${path}: ${(error as Error).message}\n`);
  }
}
