/**
 * The one place that touches the machine: clock, environment, working folder. Everything else takes what it needs as a parameter,
 * which the linter holds (`Date.now`, `new Date()`, `Math.random` and `process.env` are banned elsewhere).
 */
import { readFileSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Milliseconds since 1970, UTC. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Milliseconds from an arbitrary start, never going back: for durations and rates. */
export const monotonicClock: Clock = () => performance.now();

export type Environment = Readonly<Record<string, string | undefined>>;

/** A copy of the process environment as it is now; later changes of the process do not show. */
export const systemEnvironment = (): Environment => ({ ...process.env });

export const systemCores = (): number => availableParallelism();

export const systemFolder = (): string => process.cwd();

/** The text of a file. @throws the error of node:fs. */
export const systemReadFile = (path: string): string => readFileSync(path, 'utf8');

/** The real path behind links. @throws the error of node:fs, ENOENT among them. */
export const systemRealPath = (path: string): string => realpathSync(path);
