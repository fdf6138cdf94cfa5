/** Stores that fail on purpose, for tests of everything that stands on an ObjectStore. Every fault is planned or follows from a seed. */
export {
  type ExactPlan,
  type Fault,
  type FaultKind,
  type FaultPlan,
  noFaults,
  type Operation,
  type PlannedFault,
  plannedFaults,
  type SeededFaults,
  seededFaults,
} from './fault-plan.ts';
export { type Call, FaultyStore, flipped } from './faulty-store.ts';
export { MemoryStore } from './memory-store.ts';
export { overwritingStore } from './overwriting-store.ts';
export { type LateWrite, PowerCut, type PowerCutOptions, PowerCutStore } from './power-cut-store.ts';
export { seeded } from './seeded.ts';
