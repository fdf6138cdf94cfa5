/** `npm run bench`: our engine and every peer on PATH over the same sequence of backups, side by side. See `--help`. */
import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { contestants } from './contestants/find.ts';
import { figureLines, figureTable } from './figures/report-figures.ts';
import { benchServers } from './figures/servers.ts';
import { FIGURES, FULL, type ServiceFigures, serviceFigures } from './figures/service-figures.ts';
import { withSmallDataset } from './figures/small-dataset.ts';
import { figuresOf, ratiosOf, tables } from './report.ts';
import { runSequence } from './sequence.ts';
import { serviceSeconds, startHouse } from './service.ts';

const HELP = `npm run bench -- --source DIR0 [--source DIR1 …] [options]

Backs DIR0 up, backs it up again unchanged, makes the same folder into DIR1 (then DIR2 …) in place and backs each up, restores the last backup and
verifies every byte; with our engine (one new process per step, its start included) and with each of restic, kopia, rustic and borg that is on PATH.
Medians of the rounds; steps of different engines take turns, so that other load hits all alike. What comes back is compared with the source.

  --source DIR    a folder with data sets below tenants, or any folder; several for changes
  --rounds N      how often the whole sequence runs, each time in new repositories (default 3)
  --only A,B      these engines only: tributary, restic, kopia, rustic, borg
  --service       figures of the services, on a PostgreSQL, a NATS server and a house started for it: appends, relay lag, rebuild of the views, an unchanged
                  backup, lists of a million backups, an empty house on the repository of 10,000. With sources also the same sequence once through the service, from each request to the end that
                  it reports (source: data sets below tenants). Without sources no engine is measured
  --figures A,B   these figures of the services only: append, relay, rebuild, unchanged, lists, loss
  --work DIR      where copies and repositories go (default: the system's temporary folder); needs about 8 times the size of DIR0
  --json          figures as JSON on standard output, every round's seconds too
  --help          this text`;

const { values } = parseArgs({
  options: {
    source: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    service: { type: 'boolean', default: false },
    figures: { type: 'string', default: FIGURES.join() },
    work: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help || (values.source.length === 0 && !values.service)) {
  process.stdout.write(`${HELP}\n`);
  process.exit(values.help ? 0 : 2);
}

const sources = values.source.map((folder) => resolve(folder));
const taking = contestants(values.only.split(',').filter(Boolean));
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const isSequence = sources.length > 0;
const samples = isSequence
  ? await runSequence({ sources, contestants: taking, rounds: Number(values.rounds), work: values.work, say })
  : [];
const figures = figuresOf(samples);
const service = values.service && isSequence ? await throughTheService() : undefined;
const services = values.service ? await ofTheServices() : undefined;
const machine = { cores: availableParallelism(), memoryBytes: totalmem(), node: process.version };
if (values.json) {
  const engines = taking.map(({ name, version }) => ({ name, version }));
  process.stdout.write(
    `${JSON.stringify({ machine, sources, rounds: Number(values.rounds), engines, figures, ratios: ratiosOf(figures), service, services }, null, 2)}\n`,
  );
} else {
  if (isSequence) process.stdout.write(`${tables(figures, taking, service)}\n\n`);
  if (services) process.stdout.write(`${figureTable(figureLines(services))}\n`);
}

function ofTheServices(): Promise<ServiceFigures> {
  const only = FIGURES.filter((name) => values.figures.split(',').includes(name));
  const startServers = () => benchServers(values.work);
  return withSmallDataset((dataset) =>
    serviceFigures({
      only,
      sizes: FULL,
      dataset,
      work: values.work ?? tmpdir(),
      startServers,
      startHouse: (settings) => startHouse(values.work, settings),
      say,
    }),
  );
}

async function throughTheService(): Promise<Record<string, number>> {
  const house = await startHouse(values.work);
  try {
    return await serviceSeconds({ house, sources, say });
  } finally {
    await house.stop();
    await rm(house.home, { recursive: true, force: true });
  }
}
