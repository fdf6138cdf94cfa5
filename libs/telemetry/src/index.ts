export { announceReady, childLogger, createLogger, LogFileUnusable, type Logger, type LoggerOptions } from './logger.ts';
export { redactText, redactValue } from './redact.ts';
export {
  childOf,
  currentTrace,
  currentWork,
  inContext,
  newTrace,
  parseTraceparent,
  type TraceContext,
  traceparentOf,
  type WorkContext,
} from './trace.ts';
