import { readFileSync } from 'node:fs';
import { JOB_KINDS, SERVICES } from './job-kinds.ts';
import { permissionsFor } from './permissions.ts';

test('nobody may do everything, not even in JetStream', () => {
  for (const service of SERVICES) {
    const { publish, subscribe } = permissionsFor(service);
    for (const subject of [...publish, ...subscribe]) expect(subject).not.toMatch(/^(>|\*|\$JS\.>|\$JS\.API\.>|dr\.>|_INBOX\.)/);
  }
});

test('each hears replies only in its own inbox', () => {
  for (const service of SERVICES) {
    const inboxes = permissionsFor(service).subscribe.filter((subject) => subject.startsWith('_INBOX'));
    expect(inboxes).toEqual([`_INBOX_${service}.>`]);
  }
});

test('the messages of a kind of job are taken by its service alone', () => {
  for (const [kind, owner] of Object.entries(JOB_KINDS)) {
    const takers = SERVICES.filter((service) => permissionsFor(service).publish.includes(`$JS.API.CONSUMER.MSG.NEXT.DR_JOBS.job-${kind}`));
    expect(takers).toEqual([owner]);
  }
});

test('only the catalog publishes events and makes streams', () => {
  for (const right of ['dr.events.>', '$JS.API.STREAM.CREATE.DR_EVENTS']) {
    expect(SERVICES.filter((service) => permissionsFor(service).publish.includes(right))).toEqual(['catalog']);
  }
});

test('the table reaches no NATS package, so that the local deployment can read it alone', () => {
  const visited = new Set<string>();
  const visit = (file: string) => {
    if (visited.has(file)) return;
    visited.add(file);
    const source = readFileSync(new URL(file, import.meta.url), 'utf8');
    for (const [, from] of source.matchAll(/from '([^']+)'/g)) {
      expect(from).toMatch(/^\.\//);
      visit(from!);
    }
  };
  visit('./permissions.ts');
  expect(visited.size).toBe(4);
});
