import { parseStream, streamOf } from './streams.ts';
import { codeThrownBy } from './testing/given.ts';
import { BACKUP_ID } from './testing/samples.ts';

test.each([
  [streamOf.backup(BACKUP_ID), { aggregate: 'backup', id: BACKUP_ID }],
  [streamOf.capture(BACKUP_ID, 12), { aggregate: 'capture', id: BACKUP_ID, n: 12 }],
  [streamOf.capture('a-b', 1), { aggregate: 'capture', id: 'a-b', n: 1 }],
  [streamOf.restore('r-1'), { aggregate: 'restore', id: 'r-1' }],
  [streamOf.verification('0190-ab'), { aggregate: 'verification', id: '0190-ab' }],
  [streamOf.apiKey('key_1'), { aggregate: 'api_key', id: 'key_1' }],
])('%s names its aggregate', (stream, parts) => expect(parseStream(stream)).toEqual(parts));

test.each(['', 'backup', 'backup-', 'unknown-1', 'capture-b1', 'capture-b-0', 'capture--1', 'backup-a b', 'backup-a/b'])(
  '%j is no stream',
  (stream) => expect(codeThrownBy(() => parseStream(stream))).toBe('stream.bad_name'),
);
