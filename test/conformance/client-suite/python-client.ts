import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ENV = { ...process.env, BUGGER_OFF: 'true', PYTHONDONTWRITEBYTECODE: '1', PYTHONWARNINGS: 'ignore' };
const INSTALL_MS = 10 * 60_000;
const CALL_MS = 5 * 60_000;

/** Why a suite cannot run here; it is then skipped, not failed. */
export class CannotRun extends Error {}

/** The real Deep Lake client in a Python virtual environment of its own. */
export class PythonClient {
  readonly #python: string;
  readonly #script: string;

  private constructor(python: string, script: string) {
    this.#python = python;
    this.#script = script;
  }

  /** Makes the environment below `venvs` unless it is there already. @throws CannotRun without Python 3 or the packages. */
  static async open(venvs: string, name: string, packages: readonly string[], script: string): Promise<PythonClient> {
    const folder = join(venvs, name);
    const ready = join(folder, 'dr-packages.txt');
    const wanted = packages.join('\n');
    if ((await readFile(ready, 'utf8').catch(() => '')) !== wanted) await install(folder, ready, packages);
    return new PythonClient(join(folder, 'bin/python'), script);
  }

  /** Runs `client.py <command> <folder>`. @returns the JSON that it printed, if any; the client itself may print more in front. */
  async call(command: string, folder: string): Promise<unknown> {
    const text = await run(this.#python, [this.#script, command, folder], CALL_MS);
    const json = text.search(/^\{/m);
    return json < 0 ? undefined : (JSON.parse(text.slice(json)) as unknown);
  }

  /** Starts `client.py write …`, which goes on until it is stopped. */
  start(args: readonly string[]): RunningWriter {
    return new RunningWriter(spawn(this.#python, [this.#script, 'write', ...args], { stdio: ['ignore', 'ignore', 'pipe'], env: ENV }));
  }

  /** Runs `client.py <args>`. @returns the JSON of its last line. @throws with what it said when it fails or dies. */
  async ask(args: readonly string[]): Promise<unknown> {
    const lines = (await run(this.#python, [this.#script, ...args], CALL_MS)).trimEnd().split('\n');
    return JSON.parse(lines.at(-1)!) as unknown;
  }

  async script(script: string, args: readonly string[]): Promise<unknown> {
    return JSON.parse(await run(this.#python, [script, ...args], CALL_MS)) as unknown;
  }
}

/** A client that writes until it is told to stop. */
export class RunningWriter {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #said = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr!.on('data', (bytes) => (this.#said = (this.#said + String(bytes)).slice(-4000)));
    this.#ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  /** @throws when the writer has died: it must not stop by itself. */
  assertAlive(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`the writer ended by itself:\n${this.#said}`);
  }

  /** Lets it finish what it does. @throws when it ended badly. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const code = await this.#ended;
    if (code !== 0) throw new Error(`the writer ended with ${code}:\n${this.#said}`);
  }

  /** For a suite that fails meanwhile. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

async function install(folder: string, ready: string, packages: readonly string[]): Promise<void> {
  try {
    await run('python3', ['--version'], CALL_MS);
  } catch {
    throw new CannotRun('python3 is not on the PATH');
  }
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await run('python3', ['-m', 'venv', folder], CALL_MS);
    await run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages], INSTALL_MS);
    await access(join(folder, 'bin/python'));
    await writeFile(ready, packages.join('\n'));
  } catch (error) {
    throw new CannotRun(`${packages.join(' ')} cannot be installed: ${String(error).split('\n').slice(0, 3).join(' ')}`);
  }
}

function run(command: string, args: readonly string[], timeout: number): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(command, [...args], { timeout, env: ENV, maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${command} ${args.join(' ')}: ${error.message}\n${stderr.slice(-2000)}`)) : resolve(stdout),
    ),
  );
}
