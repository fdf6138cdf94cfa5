import type { Backup } from '../resources.ts';
import { backup } from '../testing/stub-gateway.ts';
import { backupTable, backupText, contentsTable, verificationText } from './backups.ts';
import { bytes, counted, duration, moment } from './human.ts';
import { bar, Out } from './out.ts';
import { planText } from './restores.ts';
import { facts, printable, table } from './table.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [123_456_789, '118 MiB'],
  [5 * 2 ** 40, '5.0 TiB'],
  [2 ** 63, '8192 PiB'],
  [null, '-'],
  [undefined, '-'],
])('%p bytes are %s', (count, expected) => {
  expect(bytes(count)).toBe(expected);
});

test.each([
  [0, '0 s'],
  [3.21, '3.2 s'],
  [42.4, '42 s'],
  [75, '1 min 15 s'],
  [7325, '2 h 2 min'],
  [null, '-'],
])('%p seconds are %s', (seconds, expected) => {
  expect(duration(seconds)).toBe(expected);
});

test('times and counts', () => {
  expect(moment('2026-01-31T12:00:05.123Z')).toBe('2026-01-31 12:00:05');
  expect(moment(null)).toBe('-');
  expect([counted(1, 'file'), counted(1234, 'file'), counted(2, 'entry', 'entries')]).toEqual(['1 file', '1,234 files', '2 entries']);
  expect([bar(0, 0), bar(1, 4), bar(9, 4)]).toEqual([
    '[------------------------]   0 %',
    '[######------------------]  25 %',
    '[########################] 100 %',
  ]);
});

test('a table lines up its columns, whatever stands in them', () => {
  const text = table(
    [{ title: 'A' }, { title: 'NUMBER', right: true }, { title: 'C' }],
    [
      ['long name', '1', 'x'],
      ['é', '12345678', ''],
      ['\u001b[31mred', '', 'y\nz'],
    ],
  );
  expect(text.split('\n')).toEqual([
    'A              NUMBER  C',
    'long name           1  x',
    'é            12345678',
    '\\x1b[31mred            y\\x0az',
  ]);
});

test('facts leave out what is not known', () => {
  expect(
    facts([
      ['a', '1'],
      ['longer', undefined],
      ['bcd', 'x'],
    ]),
  ).toBe('a    1\nbcd  x');
});

test('control characters of other people never reach the terminal', () => {
  expect(printable('a\u0000b\u001b[2J\u009bc\r')).toBe('a\\x00b\\x1b[2J\\x9bc\\x0d');
  const nasty = backup('partial', { error_message: 'x\u001b[2J', metadata: { description: 'd\u0007' } }) as unknown as Backup;
  nasty.datasets[0]!.findings = [{ format: 'v4', code: 'T6', severity: 'error', path: 'p\u001b', message: 'm\u001b' }];
  for (const text of [backupText(nasty), backupTable([nasty])])
    expect(text.replaceAll('\n', '')).toBe(printable(text.replaceAll('\n', '')));
  const verified = verificationText({
    backup_id: 'b',
    tenant_id: 't',
    status: 'failed',
    findings: [{ object: 'o\u001b', kind: 'k', message: 'm\u001b', paths: ['p\u001b'] }],
  });
  expect(verified.includes('\u001b')).toBe(false);
  expect(contentsTable([{ dataset_id: 'd\u001b', path: 'p', kind: 'file', size: 1, digest: null }]).includes('\u001b')).toBe(false);
});

test('a backup is shown with its data sets and findings', () => {
  const found = backup('partial', { error_message: 'support: torn head' }) as unknown as Backup;
  found.datasets[1]!.findings = [{ format: 'v3', code: 'V3-7', severity: 'error', path: 'x/y', message: 'chunk is missing' }];
  expect(backupText(found)).toBe(`backup              backup_20260131_120000_0a1b2c3d
time                2026-01-31 12:00:00 UTC
tenant              acme
type                full
status              partial
description         before the upgrade
size                33.8 KiB
added to the store  19.5 KiB
took                3.2 s
checksum            ${'f'.repeat(64)}
object              t/00/backups/x
error               support: torn head

DATA SET  FORMAT  STATUS     FILES      SIZE              ROWS  BRANCHES  TAGS  HEAD
articles  v4      completed     12  33.8 KiB  9007199254740993         1     0  abc
support   v3      partial        3      45 B                 7         1     1  -

Findings:
  error  support/x/y  v3 V3-7: chunk is missing`);
});

test('what a snapshot only pins is told: of the backup, of each file, and of what a verification could not check', () => {
  const found = backup('completed', { type: 'snapshot' }) as unknown as Backup;
  Object.assign(found.datasets[0]!, { pinned_objects: 2, pinned_bytes: 2048 });
  Object.assign(found.datasets[1]!, { pinned_objects: 0, pinned_bytes: 0 });
  expect(backupText(found)).toContain('only pinned         2 files, 2.0 KiB\n');
  expect(backupText(backup('completed') as unknown as Backup)).not.toContain('only pinned');
  const file = { dataset_id: 'd', path: 'p', kind: 'file', size: 1, digest: null };
  expect(contentsTable([{ ...file, pinned: true }])).toContain('only pinned');
  const checked = { backup_id: 'b', tenant_id: 'acme', status: 'passed', objects: 1, bytes: 8 };
  expect(verificationText({ ...checked, pinned_objects: 2, pinned_bytes: 2048 })).toBe(
    'Verified b (full) passed: 1 file, 8 B\n  not checked: 2 files, 2.0 KiB, which this snapshot only pins',
  );
});

describe('out', () => {
  const streams = (isTerminal: boolean) => {
    const written = { stdout: '', stderr: '' };
    const stdout = (text: string): void => {
      written.stdout += text;
    };
    const stderr = (text: string): void => {
      written.stderr += text;
    };
    return { written, streams: { stdout, stderr, isTerminal } };
  };

  test('puts only the answer on stdout, as text or as JSON', () => {
    const one = streams(false);
    const out = new Out(one.streams, false);
    out.progress('half');
    out.say('words');
    out.answer({ a: 1 }, () => 'answer');
    expect(one.written).toEqual({ stdout: 'answer\n', stderr: 'words\n' });
    const two = streams(false);
    new Out(two.streams, true).answer({ a: 1 }, () => 'answer');
    expect(two.written.stdout).toBe('{\n  "a": 1\n}\n');
  });

  test('draws progress on a terminal only, and takes it away before words', () => {
    const one = streams(true);
    const out = new Out(one.streams, false);
    out.progress('12345');
    out.progress('12');
    out.answer(1, () => 'done');
    expect(one.written.stderr).toBe('\r12345\r12   \r  \r');
    expect(one.written.stdout).toBe('done\n');
  });
});

test('a plan tells what a data set will be, and what is cut off for that', () => {
  const cut_off = { versions: 3, branches: ['exp'], tags: ['v2'], files: 1, bytes: 2_000 };
  const version = { branch: 'main', version: '844c', rows: 40, message: 'forty rows', committed_at: '2026-01-31T12:00:00.000Z', cut_off };
  const dataset = { from: 'articles', to: 'articles', status: 'completed', bytes: 5_000, target: { exists: false }, version };
  const ids = { dry_run: true, backup_id: 'backup_1', tenant_id: 'acme', target_tenant: 'acme', possible: true } as const;
  expect(planText({ ...ids, datasets: [dataset] })).toContain(
    'articles: version 844c of branch main ("forty rows"), committed 2026-01-31T12:00:00.000Z, 40 rows. Left out: 3 versions, branch exp, tag v2; 1 file, 2.0 KiB.',
  );
  const head = { ...version, committed_at: undefined, cut_off: { ...cut_off, branches: [], tags: [] } };
  expect(planText({ ...ids, datasets: [{ ...dataset, version: head }] })).toContain(
    'what was not committed, 40 rows. Left out: 3 versions; 1 file',
  );
});

test('a backup that was built on another says what became of each data set since', () => {
  const one = backup('backup_1') as unknown as Backup;
  const none = { files: 0, bytes: 0 };
  const files = { added: { files: 2, bytes: 1_024 }, changed: none, removed: none };
  const changes = { change: 'changed', rows: { added: 5, updated: 1, deleted: 2 }, exact: true, files };
  const set = (dataset_id: string, more: object) => ({ ...one.datasets[0]!, dataset_id, ...more });
  const text = backupText({
    ...one,
    datasets: [
      set('a', { changes }),
      set('b', { changes: { ...changes, change: 'unchanged' } }),
      set('c', { changes: { ...changes, change: 'replaced', rows: null } }),
      set('d', { changes: { ...changes, exact: false } }),
      set('e', {}),
    ],
  });
  const lines = ['a: rows +5 ~1 -2; files +2 ~0 -0, 1.0 KiB new', 'b: unchanged', 'c: replaced; files +2 ~0 -0, 1.0 KiB new'];
  expect(text).toContain(['Since the last backup:', ...lines, 'd: rows +5 ~1 -2 (not exact); files +2 ~0 -0, 1.0 KiB new'].join('\n  '));
});
