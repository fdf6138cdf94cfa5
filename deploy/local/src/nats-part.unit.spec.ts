/** The subscribers' file as the supervisor follows it: a change reaches the server, and a bad one does not end the house. */
import { mkdirSync, readFileSync, rmSync, unwatchFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshDir } from '../../../test/support/servers.ts';
import { followSubscribers } from './nats-part.ts';

const file = (home: string) => join(home, 'nats', 'subscribers.json');

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited += 25) {
    if (waited > 15_000) throw new Error('it did not come');
    await pause(25);
  }
}

test('what cannot be taken over is said, and the next good file counts', async () => {
  const home = freshDir('subscribers');
  mkdirSync(join(home, 'nats'));
  mkdirSync(join(home, 'secrets'));
  writeFileSync(file(home), '[]');
  const said: string[] = [];
  followSubscribers({ home, port: 1, services: ['gateway'], say: (line) => said.push(line) }, () => undefined);
  await pause(600); // the watcher has seen the file as it was
  try {
    writeFileSync(file(home), 'no JSON');
    await until(() => said.length === 1);
    rmSync(file(home));
    await until(() => said.length === 2);
    for (const line of said) expect(line).toContain(file(home));
    writeFileSync(file(home), JSON.stringify([{ slot: 3, public_key: 'UKEY', revoked_at: null }]));
    const config = () => readFileSync(join(home, 'nats', 'nats.conf'), 'utf8');
    await until(() => {
      try {
        return config().includes('UKEY');
      } catch {
        return false;
      }
    });
    expect(config()).toMatch(/SUBSCRIBER_03: \{ users: \[ \{ nkey: "UKEY" \} \]/);
    expect(said.length).toBe(2);
  } finally {
    unwatchFile(file(home));
  }
}, 60_000);
