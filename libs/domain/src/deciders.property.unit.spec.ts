import fc from 'fast-check';
import type { ApiKeyCommand } from './api-key/commands.ts';
import { SCOPES } from './api-key/events.ts';
import type { BackupCommand } from './backup/commands.ts';
import type { CaptureCommand } from './capture/commands.ts';
import type { Decider } from './decider.ts';
import { apiKeyDecider, backupDecider, captureDecider, restoreDecider, verificationDecider } from './deciders.ts';
import { decodeEvent, encodeEvent } from './log/codec.ts';
import type { DomainEvent } from './log/event-types.ts';
import type { RestoreCommand } from './restore/commands.ts';
import { anyEvent } from './testing/arbitrary-event.ts';
import { runCommands } from './testing/run-commands.ts';
import {
  aKey,
  articles,
  commit,
  RESTORED,
  recordCaptured,
  requestBackup,
  requestRestore,
  requestVerification,
  support,
  tombstone,
  v4,
} from './testing/samples.ts';
import type { VerificationCommand } from './verification/commands.ts';

const selection = fc.constantFrom([articles, support], [articles], [], [support]);
const statuses = fc.dictionary(
  fc.constantFrom('articles', 'support', 'stranger'),
  fc.constantFrom('completed', 'partial', 'failed', 'odd'),
);

const backupCommand: fc.Arbitrary<BackupCommand> = fc.oneof(
  selection.map((datasets) => requestBackup(datasets)),
  fc.constant<BackupCommand>({ kind: 'start' }),
  fc.record({
    kind: fc.constant('recordCaptures' as const),
    done: fc.integer({ min: -1, max: 3 }),
    failed: fc.integer({ min: -1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('requestCancel' as const), by: fc.constantFrom('key_1', 'key_2') }),
  fc
    .tuple(statuses, fc.constantFrom('c', 'd'))
    .map(([s, checksum]): BackupCommand => ({ kind: 'recordDecision', decision: commit(s, { checksum }) })),
  fc
    .constantFrom('failed' as const, 'cancelled' as const)
    .map((reason): BackupCommand => ({ kind: 'recordDecision', decision: tombstone(reason) })),
  fc.record({
    kind: fc.constant('recordVerification' as const),
    verificationId: fc.constantFrom('v1', 'v2'),
    ok: fc.boolean(),
    at: fc.constant('2026-03-01T12:00:00Z'),
  }),
);

const captureCommand: fc.Arbitrary<CaptureCommand> = fc.oneof(
  fc.tuple(fc.constantFrom('r', 's'), fc.constantFrom([], [v4('T6')])).map(([root, findings]) => recordCaptured(findings, { root })),
  fc
    .constantFrom('a.b', 'c.d')
    .map((code): CaptureCommand => ({ kind: 'recordFailed', backupId: 'b', n: 1, datasetId: 'a', code, message: code, findings: [] })),
);

const number = fc.constantFrom(0, 1, 2, 3);
const restoreCommand: fc.Arbitrary<RestoreCommand> = fc.oneof(
  fc.constantFrom(RESTORED, [RESTORED[0]], []).map((datasets) => requestRestore({}, { datasets })),
  fc.constantFrom<RestoreCommand>({ kind: 'start' }, { kind: 'beginSwap' }, { kind: 'requestCancel', by: 'key_1' }),
  fc.constantFrom<RestoreCommand>({ kind: 'end' }, { kind: 'end', giveUp: { message: 'enough' } }),
  number.map((n): RestoreCommand => {
    const { from, to } = RESTORED[n - 1] ?? RESTORED[0];
    return { kind: 'recordRestored', n, from, to, objects: 1, bytes: 2, findings: [] };
  }),
  number.map((n): RestoreCommand => ({ kind: 'recordFailed', n, code: 'x.y', message: 'no' })),
);

const verificationCommand: fc.Arbitrary<VerificationCommand> = fc.oneof(
  fc.constantFrom('quick' as const, 'full' as const).map((level) => ({ ...requestVerification, level })),
  fc.tuple(fc.boolean(), fc.boolean()).map(([isDamaged, isBroken]): VerificationCommand => {
    const findings = isDamaged ? [{ object: 'o', kind: 'k', message: 'm', paths: [] }] : [];
    return { kind: 'end', objects: 1, bytes: 1, findings, ...(isBroken && { error: { message: 'away' } }) };
  }),
);

const apiKeyCommand: fc.Arbitrary<ApiKeyCommand> = fc.oneof(
  fc.constant<ApiKeyCommand>({ kind: 'revoke' }),
  fc.record({ grantor: fc.subarray([...SCOPES]), scopes: fc.subarray([...SCOPES]), tenant: fc.constantFrom('acme', 'beta', '*') }).map(
    ({ grantor, scopes, tenant }): ApiKeyCommand => ({
      kind: 'create',
      ...aKey,
      scopes,
      tenant,
      grantedBy: { tenant: 'acme', scopes: grantor },
    }),
  ),
);

/** Every aggregate under the same laws; a new one is one line. */
const AGGREGATES = [
  law('backup', backupDecider, backupCommand, ['BackupSealed', 'BackupFailed', 'BackupCancelled']),
  law('capture', captureDecider, captureCommand, ['DatasetCaptured', 'DatasetCaptureFailed']),
  law('restore', restoreDecider, restoreCommand, ['RestoreEnded']),
  law('verification', verificationDecider, verificationCommand, ['VerificationEnded']),
  law('api key', apiKeyDecider, apiKeyCommand, ['ApiKeyRevoked']),
];

interface Law {
  name: string;
  runs: fc.Arbitrary<{ events: readonly DomainEvent[]; states: readonly { status: string }[] }>;
  ends: readonly string[];
  repeats: fc.Arbitrary<readonly unknown[]>;
  evolveAny: (events: readonly DomainEvent[]) => readonly { status: string }[];
}

function law<S extends { readonly status: string }, C, E extends DomainEvent>(
  name: string,
  decider: Decider<S, C, E>,
  command: fc.Arbitrary<C>,
  ends: string[],
): Law {
  const sequences = fc.array(command, { maxLength: 25 });
  const repeats = sequences.map((commands) => {
    const again: unknown[] = [];
    runCommands(decider, commands, (accepted, after) => again.push(...decider.decide(after, accepted)));
    return again;
  });
  const evolveAny = (events: readonly DomainEvent[]) => {
    const states = [decider.initial];
    for (const event of events) states.push(decider.evolve(states.at(-1)!, event as E));
    return states;
  };
  return { name, runs: sequences.map((commands) => runCommands(decider, commands)), ends, repeats, evolveAny };
}

describe.each(AGGREGATES)('any sequence of commands to a $name', ({ runs, ends, repeats, evolveAny }) => {
  test('reaches at most one end', () =>
    fc.assert(
      fc.property(runs, ({ events }) => expect(events.filter((event) => ends.includes(event.type)).length).toBeLessThanOrEqual(1)),
      { numRuns: 500 },
    ));

  test('leaves the end as it is', () =>
    fc.assert(
      fc.property(runs, ({ states }) => {
        const statuses = states.map((state) => state.status);
        const changes = statuses.filter((status, i) => status !== statuses[i - 1]);
        expect(new Set(changes).size).toBe(changes.length);
      }),
    ));

  test('causes nothing when a command that was carried out is repeated', () =>
    fc.assert(
      fc.property(repeats, (again) => expect(again).toEqual([])),
      { numRuns: 500 },
    ));

  test('emits only events that are stored and read back the same', () =>
    fc.assert(
      fc.property(runs, ({ events }) => {
        for (const event of events) {
          const { type, schemaVersion, data } = encodeEvent(event);
          expect(decodeEvent(type, schemaVersion, JSON.parse(JSON.stringify(data)))).toEqual(event);
        }
      }),
    ));

  test('is replayed to the state that it left', () =>
    fc.assert(fc.property(runs, ({ events, states }) => expect(evolveAny(events).at(-1)).toEqual(states.at(-1)))));

  test('can be followed by any event of any kind in any order: evolve never throws', () =>
    fc.assert(
      fc.property(runs, fc.array(anyEvent(), { maxLength: 15 }), ({ events }, strange) => {
        for (const state of evolveAny([...events, ...strange])) expect(typeof state.status).toBe('string');
      }),
    ));
});

describe('counts never exceed what was expected', () => {
  test('in a backup', () =>
    fc.assert(
      fc.property(AGGREGATES[0]!.runs, ({ events }) => {
        const expected = events.flatMap((e) => (e.type === 'BackupRequested' ? [e.data.datasets.length] : []))[0] ?? 0;
        for (const event of events) {
          if (event.type === 'BackupCapturesEnded') expect(event.data.done + event.data.failed).toBe(expected);
          if (event.type !== 'BackupSealed') continue;
          expect(event.data.done + event.data.missing.length).toBe(event.data.expected);
          expect(event.data.expected).toBe(expected);
          expect(event.data.outcome).toBe(event.data.done === expected ? 'completed' : 'partial');
        }
      }),
      { numRuns: 1_000 },
    ));

  test('in a restore', () =>
    fc.assert(
      fc.property(AGGREGATES[2]!.runs, ({ events }) => {
        const numbers = events.flatMap((e) => (e.type === 'DatasetRestored' || e.type === 'DatasetRestoreFailed' ? [e.data.n] : []));
        expect(new Set(numbers).size).toBe(numbers.length);
        for (const event of events) {
          if (event.type !== 'RestoreEnded') continue;
          const { done, failed, expected, outcome } = event.data;
          expect(done + failed).toBe(expected);
          expect(done).toBe(events.filter((e) => e.type === 'DatasetRestored').length);
          expect(outcome === 'completed').toBe(done === expected);
        }
      }),
      { numRuns: 1_000 },
    ));
});
