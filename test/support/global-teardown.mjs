/** Stops the servers that this run started, by the pids they left, and removes their folder. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function stop(folder, name, signal) {
  const file = join(folder, `${name}.json`);
  if (!existsSync(file)) return;
  const { pid } = JSON.parse(readFileSync(file, 'utf8'));
  if (alive(pid)) process.kill(pid, signal);
  for (let i = 0; i < 100 && alive(pid); i += 1) await pause(30);
}

export default async function stopServers() {
  const folder = process.env['DR_TEST_SERVERS'];
  if (!folder) return;
  await stop(folder, 'nats', 'SIGKILL');
  await stop(folder, 'postgres', 'SIGQUIT');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
