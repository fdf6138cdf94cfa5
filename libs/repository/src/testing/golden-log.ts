import { CHAIN_START, chainedAll } from '../log/chain.ts';
import type { LogSegment } from '../log/log-segment.ts';
import type { StoredWords } from '../words/words.ts';

/** Objects by key, base64. */
export type FrozenObjects = Readonly<Record<string, string>>;

const bodies = (from: number, to: number, epoch: number): Buffer[] =>
  Array.from({ length: to - from + 1 }, (_, i) =>
    Buffer.from(JSON.stringify({ position: from + i, epoch, what: 'an event, byte for byte' })),
  );

const AT_FORK = chainedAll(CHAIN_START, bodies(1, 5, 1));

/** Two segments of epoch 1, and one of epoch 2 that left it in the middle of the second. */
export const goldenSegments = (): LogSegment[] => [
  { epoch: 1, first: 1, previous: CHAIN_START, bodies: bodies(1, 3, 1) },
  { epoch: 1, first: 4, previous: chainedAll(CHAIN_START, bodies(1, 3, 1)), bodies: bodies(4, 7, 1) },
  { epoch: 2, first: 6, previous: AT_FORK, bodies: bodies(6, 8, 2), fork: { epoch: 1, position: 5, hash: AT_FORK } },
];

/** Of the tenant acme, and of none. */
export const goldenWords = (tenant: string | undefined): StoredWords[] => [
  { id: 'backup_20261124_000000_00000001', n: 1, value: { description: `before the upgrade, ${tenant ?? 'no tenant'}` } },
  { id: 'backup_20261124_000000_00000001', n: 2, value: { description: 'after it', metadata: { ticket: 7, of: ['a', null] } } },
];
