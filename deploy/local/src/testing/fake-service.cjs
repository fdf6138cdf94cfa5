/**
 * A service that does nothing but live and die as it is told. FAKE_DIE_ONCE=<file>: exits 3 after being ready when that file is absent
 * (and makes it). FAKE_STARTS_MS: says that it is starting for so long. FAKE_NEVER_READY=1, FAKE_IGNORE_TERM=1. The gateway answers every request with 200.
 */
const { appendFileSync, existsSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { basename, dirname } = require('node:path');

const name = process.env.FAKE_NAME ?? basename(dirname(dirname(process.argv[1])));
const journal = (line) => process.env.FAKE_JOURNAL && appendFileSync(process.env.FAKE_JOURNAL, `${line} ${name}\n`);
const { FAKE_DIE_ONCE: dieOnce, FAKE_NEVER_READY: neverReady, FAKE_IGNORE_TERM: ignoreTerm } = process.env;

process.on('SIGTERM', () => {
  if (ignoreTerm) return;
  journal('stopped');
  process.exit(0);
});
process.on('SIGINT', () => undefined);

function ready() {
  journal('started');
  if (!neverReady) process.stdout.write(`${JSON.stringify({ level: 30, msg: 'ready', service: name })}\n`);
  if (!dieOnce || existsSync(dieOnce)) return;
  writeFileSync(dieOnce, '');
  setTimeout(() => process.exit(3), 50);
}

const startsMs = Number(process.env.FAKE_STARTS_MS ?? 0);
const saying = JSON.stringify({ msg: 'wait', still_starting: true, say: 'Events came back.' });

if (startsMs) {
  const patience = setInterval(() => process.stdout.write(`${saying}\n`), 100);
  setTimeout(() => {
    clearInterval(patience);
    ready();
  }, startsMs);
} else if (name === 'gateway') createServer((_, answer) => answer.end('{}')).listen(Number(process.env.DR_PORT), '127.0.0.1', ready);
else ready();
setInterval(() => undefined, 60_000);
