import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../../deploy/local/src/free-port.ts';
import { freshDir } from '../../support/servers.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const ENDS = ['completed', 'partial', 'failed', 'cancelled', 'passed', 'error'];

export interface Reply<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** The whole house as `npm start` runs it (embedded PostgreSQL and NATS, four services), without the demo, on a home and a source of its own. */
export class RunningHouse {
  readonly home = freshDir('house');
  readonly source = join(this.home, 'deeplake');
  private readonly port: number;
  private settings: Record<string, string>;
  private child!: ChildProcess;
  private output = '';

  private constructor(port: number, settings: Record<string, string>) {
    this.port = port;
    this.settings = settings;
    mkdirSync(this.source, { recursive: true });
  }

  /** Builds what changed and starts, with these environment variables besides. Ready when this resolves. */
  static async start(settings: Record<string, string> = {}): Promise<RunningHouse> {
    const { house, started } = await RunningHouse.begin(settings);
    await started;
    return house;
  }

  /** The same for who has something to do to it before it is ready: `started` is what `start` waits for. */
  static async begin(settings: Record<string, string> = {}): Promise<{ house: RunningHouse; started: Promise<void> }> {
    spawnSync(process.execPath, [join(root, 'tools', 'build.mjs')]);
    const house = new RunningHouse(await freePort(), settings);
    return { house, started: house.launch() };
  }

  private async launch(): Promise<void> {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^(NODE_OPTIONS|BACKUP_|DATABASE_|NATS_|DR_|JEST_)/.test(key)),
    );
    this.output = '';
    this.child = spawn(process.execPath, [join(root, 'deploy', 'local', 'src', 'main.ts')], {
      env: { ...env, ...this.settings, DR_HOME: this.home, DR_PORT: String(this.port), DR_DEMO: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.on('data', (bytes) => (this.output += String(bytes)));
    for (let waited = 0; waited < 90_000 && !this.output.includes('Ctrl-C stops everything.'); waited += 50) {
      if (!this.isAlive) break;
      await pause(50);
    }
    if (!this.output.includes('Ctrl-C stops everything.')) throw new Error(`the house did not start:\n${this.output}`);
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async stop(): Promise<void> {
    if (!this.isAlive) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }

  /** Starts the house again on the same home, after `stop` or a kill of the supervisor. */
  restart(): Promise<void> {
    return this.launch();
  }

  /** The same with other settings. @throws with what the house said when it does not start */
  restartWith(settings: Record<string, string>): Promise<void> {
    this.settings = settings;
    return this.launch();
  }

  /** Everything that it said since it was launched. */
  get said(): string {
    return this.output;
  }

  /** All parts answer. */
  async untilReady(msMax = 60_000): Promise<void> {
    for (let waited = 0; waited < msMax; waited += 100) {
      const reply = await this.call('GET', '/health/ready').catch(() => undefined);
      if (reply?.status === 200) return;
      await pause(100);
    }
    throw new Error(`the house was not ready in ${msMax} ms:\n${this.diagnosis()}`);
  }

  /** What the house said last, and the last troubles in the logs of its parts. */
  diagnosis(): string {
    const logs = join(this.home, 'logs');
    const told = readdirSync(logs).map((name) => {
      const lines = readFileSync(join(logs, name), 'utf8').split('\n');
      return `-- ${name}\n${lines
        .filter((line) => !/"level":"(info|debug)"/.test(line))
        .slice(-12)
        .join('\n')}`;
    });
    return [this.output.slice(-2000), ...told].join('\n').slice(-20_000);
  }

  get repository(): string {
    return join(this.home, 'repository');
  }

  /** Kills a part with SIGKILL; the supervisor starts it again. */
  kill(part: string): void {
    process.kill(this.pidOf(part), 'SIGKILL');
  }

  /** Kills the supervisor alone: everything else goes on as orphans until `restart`. */
  async killSupervisor(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  pidOf(part: string): number {
    return (JSON.parse(readFileSync(join(this.home, 'run', `${part}.json`), 'utf8')) as { pid: number }).pid;
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<T>> {
    const { api_key } = JSON.parse(readFileSync(join(this.home, 'credentials.json'), 'utf8')) as { api_key: string };
    const reply = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { authorization: `ApiKey ${api_key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: reply.status, headers: reply.headers, body: (await reply.json()) as T };
  }

  /** Posts and waits for the end of what was asked for. The gateway may be away meanwhile. */
  async run<T = Record<string, unknown>>(path: string, body: object): Promise<T & { status: string }> {
    const asked = await this.call('POST', path, body);
    if (asked.status !== 202) throw new Error(`POST ${path}: ${asked.status} ${JSON.stringify(asked.body)}`);
    return this.ended<T>(asked.headers.get('location')!);
  }

  async ended<T = Record<string, unknown>>(location: string, msMax = 90_000): Promise<T & { status: string }> {
    for (let waited = 0; waited < msMax; waited += 100) {
      const reply = await this.call<T & { status: string }>('GET', location).catch(() => undefined);
      if (reply?.status === 200 && ENDS.includes(reply.body.status)) return reply.body;
      await pause(100);
    }
    throw new Error(`${location} did not end in ${msMax} ms; the house says:\n${this.diagnosis()}`);
  }

  /** As the services have it. */
  get databaseUrl(): string {
    const url = readFileSync(`/proc/${this.pidOf('catalog')}/environ`, 'utf8')
      .split('\0')
      .find((line) => line.startsWith('DATABASE_URL='))!;
    return url.slice('DATABASE_URL='.length);
  }

  /** Reads the house's database, as its services do. */
  async sql<Row>(text: string, values: unknown[]): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query(text, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** Keys of all packs in the repository. */
  packPaths(): string[] {
    const all = readdirSync(this.repository, { recursive: true, withFileTypes: true });
    const packs = all.filter((f) => f.isFile() && f.parentPath.includes('/packs/'));
    return packs.map((f) => relative(this.repository, join(f.parentPath, f.name)));
  }
}
