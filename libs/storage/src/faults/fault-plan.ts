import type { ObjectKey } from '../object-store.ts';
import { seeded } from './seeded.ts';

export type Operation = 'createIfAbsent' | 'read' | 'stat' | 'list' | 'delete';

/**
 * What goes wrong with one operation:
 * fail: StoreUnavailable, nothing was done. lose-reply: it was done, then StoreUnavailable. repeat: it is done twice and the second answer counts,
 * as when an SDK sends a put again whose reply was lost ('exists' on our own object).
 * tear: a put stores only the first bytes and fails; a read returns too few bytes; a list ends early without an error.
 * flip: one bit of what is stored or read is wrong. delay: it is done `ms` later.
 */
export type FaultKind = 'fail' | 'lose-reply' | 'repeat' | 'tear' | 'flip' | 'delay';

export interface Fault {
  kind: FaultKind;
  /** Chooses the byte and bit of a flip and the length of a tear; in [0, 1). */
  where: number;
  ms?: number;
}

/** Asked once for every operation, in the order of the calls; @returns what goes wrong with it, if anything. */
export type FaultPlan = (operation: Operation, key: ObjectKey) => Fault | undefined;

export const noFaults: FaultPlan = () => undefined;

export interface PlannedFault {
  kind: FaultKind;
  on: Operation;
  /** Only operations on keys (for list: prefixes) that this accepts; default all. */
  key?: RegExp;
  /** Lets this many matching operations pass first; default 0. */
  after?: number;
  /** How often it strikes; default once. */
  times?: number;
  where?: number;
  ms?: number;
}

export interface ExactPlan extends FaultPlan {
  /** Faults that have not struck as often as planned: a test that leaves some did not test what it says. */
  unused(): PlannedFault[];
}

/** Exactly these faults, each when its turn comes; an operation takes the first that is due. */
export function plannedFaults(...faults: PlannedFault[]): ExactPlan {
  const open = faults.map((fault) => ({ fault, wait: fault.after ?? 0, left: fault.times ?? 1 }));
  const plan = (operation: Operation, key: ObjectKey): Fault | undefined => {
    for (const entry of open) {
      const { fault } = entry;
      if (entry.left === 0 || fault.on !== operation || (fault.key && !fault.key.test(key))) continue;
      if (entry.wait-- > 0) continue;
      entry.left--;
      return { kind: fault.kind, where: fault.where ?? 0.5, ms: fault.ms };
    }
    return undefined;
  };
  return Object.assign(plan, { unused: () => open.filter(({ left }) => left > 0).map(({ fault }) => fault) });
}

export interface SeededFaults {
  seed: number;
  /** Chance of each kind per operation, in [0, 1]; their sum at most 1. */
  chances: Partial<Record<FaultKind, number>>;
  /** Default: all operations. */
  on?: readonly Operation[];
  key?: RegExp;
  /** Longest delay; default 5. */
  msMax?: number;
}

/** Random faults that the seed repeats exactly, as long as the operations come in the same order. */
export function seededFaults({ seed, chances, on, key, msMax = 5 }: SeededFaults): FaultPlan {
  const random = seeded(seed);
  return (operation, name) => {
    let dice = random();
    const where = random();
    if ((on && !on.includes(operation)) || (key && !key.test(name))) return undefined;
    for (const [kind, chance] of Object.entries(chances)) {
      if (dice < chance) return { kind: kind as FaultKind, where, ms: Math.ceil(where * msMax) };
      dice -= chance;
    }
    return undefined;
  };
}
