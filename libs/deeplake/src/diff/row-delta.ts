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
  /** Rows that a heavy compaction has taken out of the id space: deleted ones, and those that it does not say a new place of. */
  readonly #placeless = { added: 0, updated: 0, deleted: 0 };

  apply(operation: Operation): void {
    if (operation.kind === 'addBlock') this.#added.add([{ block: operation.block, offset: 0, count: operation.rows }]);
    else if (operation.kind === 'updateData') this.#updated.add(operation.rows);
    else if (operation.kind === 'deleteRows') this.#deleted.add(operation.rows);
  }

  /** A heavy compaction: it writes the rows of `superseded` blocks that are there under other ids. Other blocks stay as they are. */
  remap(moves: readonly RowMove[], superseded: readonly number[]): void {
    const { added, updated, deleted } = this.#settled();
    const replaced = new Set(superseded);
    this.#placeless.deleted += deleted.within(replaced).size;
    this.#deleted = deleted.outside(replaced);
    this.#added = this.#moved('added', added, moves, replaced);
    this.#updated = this.#moved('updated', updated, moves, replaced);
  }

  #moved(kind: 'added' | 'updated', rows: Blocks, moves: readonly RowMove[], replaced: ReadonlySet<number>): Blocks {
    const old = rows.within(replaced);
    const placed = moved(old, moves);
    this.#placeless[kind] += old.size - placed.size;
    const all = rows.outside(replaced);
    all.add([...placed.ranges()]);
    return all;
  }

  changes(): RowChanges {
    const { added, updated, deleted } = this.#settled();
    const gone = this.#placeless;
    return { added: added.size + gone.added, updated: updated.size + gone.updated, deleted: deleted.size + gone.deleted };
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

  within(blocks: ReadonlySet<number>): Blocks {
    return this.#those((block) => blocks.has(block));
  }

  outside(blocks: ReadonlySet<number>): Blocks {
    return this.#those((block) => !blocks.has(block));
  }

  #those(wanted: (block: number) => boolean): Blocks {
    const those = new Blocks();
    for (const [block, set] of this.#blocks()) if (wanted(block)) those.#sets.set(block, set);
    return those;
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

/** What the moves name, at its new place. */
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
