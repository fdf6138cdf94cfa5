/** Reserves a folder for the servers of this test run. Nothing is started here: the first spec that asks for a server starts it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function reserve() {
  process.env['DR_TEST_SERVERS'] = mkdtempSync(join(tmpdir(), 'dr-test-'));
  process.env['DR_TEST_RUN'] = String(process.pid);
}
