import type { Operation, RowMove, RowRange } from '../v4/operation.ts';
import { RowSet } from '../v4/row-set.ts';
import type { RowChanges } from './dataset-diff.ts';

/**
 * Adds up what commits did to rows. Row ids are never used again, so the order of additions, updates and deletions does not matter, until a heavy
 * compaction gives rows new ids: then what was gathered so far is settled and moved.
 */
export class RowDelta {
  #added = new Blocks();
  #updated = new Blocks();
  #deleted = new Blocks();
  /** Deleted rows that a heavy compaction has taken out of the id space. */
  #gone = 0;

  apply(operation: Operation): void {
    if (operation.kind === 'addBlock') this.#added.add([{ block: operation.block, offset: 0, count: operation.rows }]);
    else if (operation.kind === 'updateData') this.#updated.add(operation.rows);
    else if (operation.kind === 'deleteRows') this.#deleted.add(operation.rows);
  }

  /** A heavy compaction: what it writes are the rows that are there, under other ids. */
  remap(moves: readonly RowMove[]): void {
    const { added, updated, deleted } = this.#settled();
    this.#gone += deleted.size;
    this.#deleted = new Blocks();
    this.#added = moved(added, moves);
    this.#updated = moved(updated, moves);
  }

  changes(): RowChanges {
    const { added, updated, deleted } = this.#settled();
    return { added: added.size, updated: updated.size, deleted: deleted.size + this.#gone };
  }

  #settled(): { added: Blocks; updated: Blocks; deleted: Blocks } {
    const added = this.#added.without(this.#deleted);
    return { added, updated: this.#updated.without(this.#deleted).without(this.#added), deleted: this.#deleted.without(this.#added) };
  }
}

/** A set of rows, by block. */
class Blocks {
  readonly #pending = new Map<number, RowRange[]>();
  readonly #sets = new Map<number, RowSet>();

  add(ranges: readonly RowRange[]): void {
    for (const range of ranges) {
      const known = this.#pending.get(range.block);
      if (known) known.push(range);
      else this.#pending.set(range.block, [range]);
    }
  }

  get size(): number {
    return this.#blocks().reduce((sum, [, set]) => sum + set.size, 0);
  }

  without(others: Blocks): Blocks {
    const left = new Blocks();
    for (const [block, set] of this.#blocks()) left.#sets.set(block, set.without(others.#block(block)));
    return left;
  }

  *ranges(): Generator<RowRange> {
    for (const [block, set] of this.#blocks()) for (const { offset, count } of set.ranges()) yield { block, offset, count };
  }

  #block(block: number): RowSet {
    this.#take(block);
    return this.#sets.get(block) ?? new RowSet();
  }

  #blocks(): [number, RowSet][] {
    for (const block of [...this.#pending.keys()]) this.#take(block);
    return [...this.#sets];
  }

  #take(block: number): void {
    const ranges = this.#pending.get(block);
    if (!ranges) return;
    this.#pending.delete(block);
    const set = this.#sets.get(block) ?? new RowSet();
    set.add(ranges);
    this.#sets.set(block, set);
  }
}

/** Rows that a move does not name are not there any more. */
function moved(rows: Blocks, moves: readonly RowMove[]): Blocks {
  const byBlock = Map.groupBy(moves, ({ from }) => from.block);
  const result = new Blocks();
  for (const { block, offset, count } of rows.ranges())
    for (const { from, to } of byBlock.get(block) ?? []) {
      const [start, end] = [Math.max(offset, from.offset), Math.min(offset + count, from.offset + from.count)];
      if (start < end) result.add([{ block: to.block, offset: to.offset + start - from.offset, count: end - start }]);
    }
  return result;
}
