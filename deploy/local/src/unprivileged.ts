/**
 * PostgreSQL refuses to run as root. As root we run it in a user namespace where root's files belong to an ordinary account
 * (works below folders that only root may enter, and changes no owner on disk); where the kernel or a container forbids that,
 * as the account `nobody`, who then owns the data folder. No account is created.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, chownSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { StartError } from './start-error.ts';

/** How to start a program that must not be root: `wrap` its command line, and spawn with `uid` and `gid` when they are set. */
export interface Unprivileged {
  wrap(command: string, args: string[]): [string, string[]];
  uid?: number;
  gid?: number;
}

const asIs: Unprivileged = { wrap: (command, args) => [command, args] };

interface Account {
  name: string;
  uid: number;
  gid: number;
}

function accounts(): Account[] {
  const lines = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : [];
  return lines
    .map((line) => line.split(':'))
    .filter((f) => f.length > 3)
    .map((f) => ({ name: f[0]!, uid: Number(f[2]), gid: Number(f[3]) }));
}

function namespaceFor(account: Account): Unprivileged | undefined {
  const prefix = ['-U', `--map-user=${account.uid}`];
  try {
    execFileSync('unshare', [...prefix, 'true'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { wrap: (command, args) => ['unshare', [...prefix, command, ...args]] };
}

/** The first folder above `folder` that others cannot enter. */
function closedFolder(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return at;
    if (at === dirname(at)) return undefined;
  }
}

function giveTo(account: Account, folder: string): void {
  chownSync(folder, account.uid, account.gid);
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) chownSync(join(folder, entry), account.uid, account.gid);
}

function asAccount(account: Account, ownFolder: string, programs: string): Unprivileged {
  for (const folder of [dirname(ownFolder), programs]) {
    const closed = closedFolder(folder);
    if (!closed) continue;
    throw new StartError(
      'local.root_folder_closed',
      `Cannot start the embedded PostgreSQL: it does not run as root, user namespaces are not allowed here, and the account ${account.name} cannot enter ${closed}. ` +
        'Put DR_HOME (and the checkout) into a folder that others can enter, start as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
  giveTo(account, ownFolder);
  return { ...asIs, uid: account.uid, gid: account.gid };
}

/** PostgreSQL asks the system for the name of who makes a cluster; containers often run as a number that has none. @throws StartError */
export function requireName(lookUp: () => unknown = userInfo): void {
  try {
    lookUp();
  } catch {
    throw new StartError(
      'local.no_account',
      `Cannot make the embedded PostgreSQL: this process runs as user id ${process.geteuid?.()}, which has no name on this machine, and PostgreSQL needs one. ` +
        'Add a line for it to /etc/passwd, start as another user, or set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
}

/**
 * How to run the programs below `programs` on the data in `ownFolder` (which exists) as somebody else than root.
 * @throws StartError when this machine offers no way; the message names DATABASE_URL and another folder.
 */
export function unprivileged(ownFolder: string, programs: string, userNamespaces = true): Unprivileged {
  if (process.geteuid?.() !== 0) {
    accessSync(ownFolder, constants.W_OK);
    return asIs;
  }
  const known = accounts().filter((a) => a.uid > 0);
  const ordinary = known.find((a) => a.uid < 65534) ?? known[0];
  if (!ordinary)
    throw new StartError(
      'local.no_account',
      'Cannot start the embedded PostgreSQL as root: /etc/passwd has no other account. Set DATABASE_URL.',
    );
  const nobody = known.find((a) => a.name === 'nobody') ?? ordinary;
  const namespace = userNamespaces && statSync(ownFolder).uid === 0 ? namespaceFor(ordinary) : undefined;
  return namespace ?? asAccount(nobody, ownFolder, programs);
}
