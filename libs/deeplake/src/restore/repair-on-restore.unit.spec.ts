import { MemoryView } from '../testing/memory-view.ts';
import { repairOnRestore } from './repair-on-restore.ts';

test('a data set without findings is restored as it was captured, and nothing is read for that', async () => {
  const view = new MemoryView();
  const repair = await repairOnRestore(view, { format: 'v3', findings: [] });
  expect([[...repair.leaveOut], repair.write, repair.notes, view.reads]).toEqual([[], [], [], []]);
});
