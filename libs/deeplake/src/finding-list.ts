import type { DatasetFormat, Finding, Severity } from './finding.ts';

/** A damaged set can have one finding per file; beyond this many only the counts go on, so a report stays small. */
export const FINDINGS_MAX = 1000;

/** Findings of one data set, in the order they were made. Errors push out lesser ones when the list is full. */
export class FindingList {
  readonly format: DatasetFormat;
  readonly counts = { error: 0, warning: 0, info: 0 };
  readonly #kept: Finding[] = [];

  constructor(format: DatasetFormat) {
    this.format = format;
  }

  add(code: string, severity: Severity, path: string, message: string): void {
    this.counts[severity]++;
    if (this.#kept.length >= FINDINGS_MAX && !this.#makeRoom(severity)) return;
    this.#kept.push({ format: this.format, code, severity, path, message });
  }

  get findings(): readonly Finding[] {
    return this.#kept;
  }

  #makeRoom(severity: Severity): boolean {
    if (severity !== 'error' || this.counts.warning + this.counts.info === 0) return false;
    const lesser = this.#kept.findIndex((f) => f.severity !== 'error');
    if (lesser < 0) return false;
    this.#kept.splice(lesser, 1);
    return true;
  }
}
