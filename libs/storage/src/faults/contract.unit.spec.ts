import { describeObjectStore } from '../object-store.contract.ts';
import { FaultyStore, MemoryStore, noFaults, seededFaults } from './index.ts';

const objects: MemoryStore['objects'] = new Map();
describeObjectStore('The memory double', { open: async () => new MemoryStore({ objects, now: Date.now }) });

const passed: MemoryStore['objects'] = new Map();
describeObjectStore('The fault double without faults', {
  open: async () => new FaultyStore(new MemoryStore({ objects: passed, now: Date.now }), noFaults),
});

const delayed: MemoryStore['objects'] = new Map();
describeObjectStore('The fault double with delays only', {
  open: async () => {
    const plan = seededFaults({ seed: 1, chances: { delay: 0.1 }, msMax: 3 });
    return new FaultyStore(new MemoryStore({ objects: delayed, now: Date.now }), plan);
  },
});
