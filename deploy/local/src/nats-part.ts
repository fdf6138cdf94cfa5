/** The embedded NATS server as a part of the house: one user per service, passwords in files that only we may read. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, watchFile, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  type BusPermissions,
  permissionsFor,
  SERVICES,
  type ServiceName,
  SLOT_EXPORTS,
  SUBSCRIBER_SLOTS,
  slotAccount,
  slotImports,
} from '@dr/messaging/permissions';
import { findNatsServer } from './nats-binary.ts';
import { secretFile } from './secret-file.ts';
import { StartError } from './start-error.ts';
import type { ProcessSpec } from './supervised-process.ts';

/** Where the password of `service` lies; its user name is the service's name. */
export const natsPasswordFile = (home: string, service: string): string => join(home, 'secrets', `nats-${service}`);

/** The server for `services` on `port` of loopback, with its streams below `home`. @throws StartError when no server program is found. */
export async function natsPart(home: string, port: number, services: readonly string[]): Promise<ProcessSpec> {
  const folder = join(home, 'nats');
  mkdirSync(join(folder, 'jetstream'), { recursive: true, mode: 0o700 });
  if (!existsSync(subscribersFile(home))) writeFileSync(subscribersFile(home), '[]\n', { mode: 0o600 });
  const config = writeConfig(home, port, services);
  return {
    name: 'nats',
    command: await findNatsServer({ toolsFolder: join(home, 'tools') }),
    args: ['-c', config],
    env: { PATH: process.env['PATH'] },
    stop: { order: 1, signal: 'SIGTERM', graceMs: 15_000 },
    isReady: () => greets(port),
  };
}

/** Written by the gateway: who may read events from outside, each with its slot and public key. */
const subscribersFile = (home: string): string => join(home, 'nats', 'subscribers.json');

/**
 * Gives the server its configuration anew whenever subscribers come or go; services stay connected. Keeps no process alive. What goes wrong (a
 * full disk, a file that somebody removed or wrote to by hand) is said, and the server goes on with what it has: it must not end the house.
 */
export function followSubscribers(
  { home, port, services, say }: { home: string; port: number; services: readonly string[]; say: (line: string) => void },
  pid: () => number | undefined,
): void {
  watchFile(subscribersFile(home), { interval: 250, persistent: false }, () => {
    try {
      writeConfig(home, port, services);
      const running = pid();
      if (running !== undefined) process.kill(running, 'SIGHUP');
    } catch (error) {
      say(`the event subscribers in ${subscribersFile(home)} could not be taken over (${(error as Error).message}); the old ones stay`);
    }
  });
}

function writeConfig(home: string, port: number, services: readonly string[]): string {
  const config = join(home, 'nats', 'nats.conf');
  writeFileSync(`${config}.new`, natsConfig(home, port, services), { mode: 0o600 });
  renameSync(`${config}.new`, config);
  return config;
}

const quoted = (text: string): string => JSON.stringify(text);
const list = (subjects: readonly string[]): string => `[${subjects.map(quoted).join(', ')}]`;

/** @throws StartError for a service folder without grants: it would start and then be refused everything. */
function grantsOf(service: string): BusPermissions {
  if ((SERVICES as readonly string[]).includes(service)) return permissionsFor(service as ServiceName);
  throw new StartError(
    'local.no_grants',
    `services/${service} has no grants on the bus. Add a line for it in libs/messaging/src/permissions.ts.`,
  );
}

function natsConfig(home: string, port: number, services: readonly string[]): string {
  const logs = join(home, 'logs', 'nats.log');
  const users = services.map((service) => {
    const password = secretFile(natsPasswordFile(home, service), () => `${randomBytes(24).toString('hex')}\n`).trim();
    const { publish, subscribe, allowResponses } = grantsOf(service);
    const rights = `publish: { allow: ${list(publish)} }, subscribe: { allow: ${list(subscribe)} }, allow_responses: ${allowResponses}`;
    return `      { user: ${quoted(service)}, password: ${quoted(password)}, permissions: { ${rights} } }`;
  });
  const exported = SLOT_EXPORTS.map(({ service, stream }) => `{ service: ${quoted(service)}${stream ? ', response_type: stream' : ''} }`);
  return `listen: "127.0.0.1:${port}"
server_name: "tributary-dr"
jetstream { store_dir: ${quoted(join(home, 'nats', 'jetstream'))} }
log_file: ${quoted(logs)}
logfile_size_limit: 10MB
logfile_max_num: 4
accounts {
  HOUSE: {
    jetstream: enabled
    exports: [ ${exported.join(', ')} ]
    users: [
${users.join('\n')}
    ]
  }
${slotAccounts(home).join('\n')}
}
`;
}

function slotAccounts(home: string): string[] {
  const subscribers = JSON.parse(readFileSync(subscribersFile(home), 'utf8')) as {
    slot: number;
    public_key: string;
    revoked_at: string | null;
  }[];
  return Array.from({ length: SUBSCRIBER_SLOTS }, (_, slot) => {
    const here = subscribers.filter((s) => s.slot === slot && s.revoked_at === null);
    const users = here.map(({ public_key }) => `{ nkey: ${quoted(public_key)} }`);
    const imports = slotImports(slot).map(
      ({ subject, to }) => `{ service: { account: HOUSE, subject: ${quoted(subject)} }, to: ${quoted(to)} }`,
    );
    return `  ${slotAccount(slot)}: { users: [ ${users.join(', ')} ], imports: [ ${imports.join(', ')} ] }`;
  });
}

/** A NATS server greets every connection with INFO. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (bytes) => end(bytes.toString('latin1').startsWith('INFO ')));
    socket.once('error', () => end(false));
    socket.setTimeout(2000, () => end(false));
  });
}
