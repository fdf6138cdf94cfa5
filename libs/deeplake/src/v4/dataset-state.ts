import type { LogFile } from './catalog.ts';
import type { Operation, RowRange } from './operation.ts';
import { RowSet } from './row-set.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly dtype: string | undefined;
}

/** There may be a million: no map or set before something is in it. */
interface Block {
  /** Column ids, and at the same places their rows. */
  columns: number[];
  counts: number[];
  deleted?: RowSet;
  rows: number;
}

/** What the replay of a version found wrong (checks B1 and B4); called with the log file that did it. */
export type Complain = (code: 'B1' | 'B4', file: LogFile, message: string) => void;

/** Columns, blocks and deleted rows at a version, built by replaying its commits in order. Source: DEEPLAKE_V4.md section 4. */
export class DatasetState {
  readonly columns = new Map<number, Column>();
  readonly #everColumns = new Set<number>();
  readonly #blocks = new Map<number, Block>();
  /** Rows of every block that ever was, superseded ones too. */
  readonly #everBlocks = new Map<number, number>();
  readonly #complain: Complain;
  /** Sum over blocks of rows minus distinct deleted rows. */
  rows = 0;

  constructor(complain: Complain = () => undefined) {
    this.#complain = complain;
  }

  replay(commits: Iterable<LogFile>): this {
    for (const file of commits) for (const operation of file.operations ?? []) this.apply(operation, file);
    return this;
  }

  /** Blocks whose columns disagree on their number of rows (check B3), with those numbers. */
  unevenBlocks(): { block: number; counts: number[] }[] {
    const uneven: { block: number; counts: number[] }[] = [];
    for (const [block, { counts, rows }] of this.#blocks)
      if (counts.some((count) => count !== rows)) uneven.push({ block, counts: [...new Set(counts)].sort((x, y) => x - y) });
    return uneven;
  }

  apply(operation: Operation, file: LogFile): void {
    switch (operation.kind) {
      case 'createColumn':
        this.#everColumns.add(operation.column);
        this.columns.set(operation.column, { name: operation.name, type: operation.type, dtype: operation.dtype });
        return;
      case 'renameColumn':
        this.#rename(operation.column, operation.name);
        return;
      case 'dropColumn':
        this.columns.delete(operation.column);
        return;
      case 'addBlock':
        this.#needColumn(operation.column, file);
        this.#addBlock(operation.block, operation.column, operation.rows);
        return;
      case 'updateData':
        this.#needColumn(operation.column, file);
        this.#needRows(operation.rows, file, 'updated');
        return;
      case 'deleteRows':
        this.#needRows(operation.rows, file, 'deleted');
        this.#deleteRows(operation.rows);
        return;
      case 'heavyRemap':
        for (const block of operation.superseded) this.#forget(block);
    }
  }

  #rename(column: number, name: string): void {
    const known = this.columns.get(column);
    this.columns.set(column, known ? { ...known, name } : { name, type: 'unknown', dtype: undefined });
  }

  #addBlock(id: number, column: number, rows: number): void {
    const block = this.#blocks.get(id) ?? { columns: [], counts: [], rows: 0 };
    this.#blocks.set(id, block);
    const known = block.columns.indexOf(column);
    if (known < 0) {
      block.columns = [...block.columns, column]; // pushed into an empty one, it would get room for 17
      block.counts = [...block.counts, rows];
    } else block.counts[known] = rows;
    const most = Math.max(...block.counts);
    this.rows += most - block.rows;
    block.rows = most;
    this.#everBlocks.set(id, Math.max(most, this.#everBlocks.get(id) ?? 0));
  }

  #deleteRows(ranges: readonly RowRange[]): void {
    for (const [id, own] of Map.groupBy(ranges, (r) => r.block)) {
      const block = this.#blocks.get(id);
      if (!block) continue;
      block.deleted ??= new RowSet();
      this.rows -= block.deleted.add(own.map((r) => clip(r, block.rows)));
    }
  }

  #forget(id: number): void {
    const block = this.#blocks.get(id);
    if (!block) return;
    this.rows -= block.rows - (block.deleted?.size ?? 0);
    this.#blocks.delete(id);
  }

  #needColumn(column: number, file: LogFile): void {
    if (!this.#everColumns.has(column)) this.#complain('B1', file, `column ${column} was not created before`);
  }

  #needRows(ranges: readonly RowRange[], file: LogFile, what: string): void {
    const bad = ranges.find((r) => r.offset + r.count > (this.#everBlocks.get(r.block) ?? -1));
    if (bad) this.#complain('B4', file, `${what} rows ${bad.offset} to ${bad.offset + bad.count - 1} of block ${bad.block} do not exist`);
  }
}

/** Rows that do not exist (B4) do not count as deleted. */
function clip({ offset, count }: RowRange, rows: number): { offset: number; count: number } {
  return { offset: Math.min(offset, rows), count: Math.max(0, Math.min(count, rows - offset)) };
}
