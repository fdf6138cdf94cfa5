import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotRun } from './python-client.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the virtual environments are kept between runs. */
export const VENVS = process.env['DR_CONFORMANCE_VENVS'] ?? join(ROOT, '.dr/conformance');

/** For a failure that has to be looked into. */
export const KEEP = process.env['DR_LIVE_KEEP'] === '1';

/** A failure shows this much of its message. */
const LINES_MAX = 40;

/** Counts cases; the last line it prints is the one that `.ci/run` reads. */
export class Suite {
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Runs `body` with a working folder of its own, then prints the counts and sets the exit code. */
  static async run(body: (suite: Suite) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'dr-conformance-'));
    const suite = new Suite(folder);
    try {
      await body(suite);
    } catch (error) {
      if (error instanceof CannotRun) suite.#skip(error.message);
      else suite.#fail('suite', error);
    } finally {
      if (KEEP) console.log(`kept ${folder}`);
      else await rm(folder, { recursive: true, force: true });
    }
    const { passed, failed, skipped } = suite.#counts;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    process.exitCode = failed === 0 ? 0 : 1;
  }

  /** One case. @returns whether it passed; later cases that need it should not run otherwise. */
  async case(name: string, body: () => Promise<void>): Promise<boolean> {
    try {
      await body();
      this.#counts.passed++;
      console.log(`ok   ${name}`);
      return true;
    } catch (error) {
      this.#fail(name, error);
      return false;
    }
  }

  #skip(why: string): void {
    this.#counts.skipped++;
    console.log(`skip ${why}`);
  }

  #fail(name: string, error: unknown): void {
    this.#counts.failed++;
    const lines = String(error instanceof Error ? (error.stack ?? error.message) : error).split('\n');
    console.log([`FAIL ${name}`, ...lines.slice(0, LINES_MAX)].join('\n     '));
  }
}
