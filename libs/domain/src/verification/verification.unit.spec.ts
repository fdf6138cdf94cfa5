import { verificationDecider } from '../deciders.ts';
import { DAMAGE_PATHS_MAX, FINDINGS_BYTES_MAX } from '../limits.ts';
import { specFor } from '../testing/given.ts';
import { requestVerification } from '../testing/samples.ts';
import type { EndVerification } from './commands.ts';
import type { Damage, VerificationEvent } from './events.ts';

const { given, stateAfter } = specFor(verificationDecider);
const { kind: _, ...request } = requestVerification;
const requested: VerificationEvent = { type: 'VerificationRequested', data: request };
const damage: Damage = {
  object: 't/ab/packs/data/0a/0a1b',
  kind: 'bit_rot',
  message: 'The pack does not have its digest.',
  paths: ['articles/7'],
};
const end = (findings: readonly Damage[] = [], error?: { message: string }): EndVerification => ({
  kind: 'end',
  objects: 12,
  bytes: 9_000,
  findings,
  ...(error && { error }),
});
const passed: VerificationEvent = {
  type: 'VerificationEnded',
  data: { outcome: 'passed', objects: 12, bytes: 9_000, findings: [], findingsTotal: 0 },
};

test('is asked for once', () => {
  given().when(requestVerification).then(requested);
  given(requested).when(requestVerification).then();
  given(requested)
    .when({ ...requestVerification, level: 'quick' })
    .thenThrows('wrong_state.verification_exists');
});

test('passes when nothing is wrong', () => given(requested).when(end()).then(passed));

test('fails when damage was found, and names it', () =>
  given(requested)
    .when(end([damage]))
    .then({ type: 'VerificationEnded', data: { outcome: 'failed', objects: 12, bytes: 9_000, findings: [damage], findingsTotal: 1 } }));

test('is an error when it could not be finished', () =>
  given(requested)
    .when(end([], { message: 'The store is away.' }))
    .then({
      type: 'VerificationEnded',
      data: { outcome: 'error', objects: 12, bytes: 9_000, findings: [], findingsTotal: 0, message: 'The store is away.' },
    }));

test('fails when damage was found before it stopped: damage is damage', () => {
  const [event] = verificationDecider.decide(stateAfter(requested), end([damage], { message: 'The store is away.' }));
  expect(event).toMatchObject({ data: { outcome: 'failed', message: 'The store is away.' } });
});

test('ends once', () => {
  given().when(end()).thenThrows('wrong_state.verification_absent');
  given(requested, passed).when(end()).then();
  given(requested, passed)
    .when(end([damage]))
    .thenThrows('wrong_state.verification_ended');
});

test('of a repository in ruins: the event stays small, the total stays true', () => {
  const ruins = Array.from({ length: 5_000 }, (_, i) => ({
    ...damage,
    object: `pack-${i}`,
    paths: Array.from({ length: 300 }, (_, p) => `articles/${p}`),
  }));
  const [event] = verificationDecider.decide(stateAfter(requested), end(ruins));
  if (event?.type !== 'VerificationEnded') throw new Error('no end');
  expect(event.data.findingsTotal).toBe(5_000);
  expect(event.data.findings.every((d) => d.paths.length === DAMAGE_PATHS_MAX)).toBe(true);
  expect(event.data.findings.length).toBeGreaterThan(100);
  expect(JSON.stringify(event.data.findings).length).toBeLessThan(FINDINGS_BYTES_MAX * 1.01);
});
