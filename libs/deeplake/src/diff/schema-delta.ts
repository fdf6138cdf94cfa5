import type { Operation } from '../v4/operation.ts';
import type { ColumnChanges } from './dataset-diff.ts';

/** Adds up what commits did to columns, by their ids. */
export class SchemaDelta {
  readonly #created = new Map<number, string>();
  /** Columns from before: their last name, or undefined when they were dropped. */
  readonly #known = new Map<number, string | undefined>();

  apply(operation: Operation): void {
    if (operation.kind === 'createColumn') this.#created.set(operation.column, operation.name);
    else if (operation.kind === 'renameColumn') this.#rename(operation.column, operation.name);
    else if (operation.kind === 'dropColumn' && !this.#created.delete(operation.column)) this.#known.set(operation.column, undefined);
  }

  #rename(column: number, name: string): void {
    if (this.#created.has(column)) this.#created.set(column, name);
    else this.#known.set(column, name);
  }

  /** @param earlier the operations of the commits before, newest first: they know what the columns were called. Read only when that is needed. */
  async changes(earlier: () => AsyncIterable<readonly Operation[]>): Promise<ColumnChanges> {
    const names = await this.#formerNames(earlier);
    const former = (column: number): string => names.get(column) ?? `column ${column}`;
    const known = [...this.#known];
    const renamed = known.flatMap(([id, to]) => (to === undefined || to === former(id) ? [] : [{ from: former(id), to }]));
    return { added: [...this.#created.values()], renamed, dropped: known.flatMap(([id, to]) => (to === undefined ? [former(id)] : [])) };
  }

  async #formerNames(earlier: () => AsyncIterable<readonly Operation[]>): Promise<Map<number, string>> {
    const names = new Map<number, string>();
    if (this.#known.size === 0) return names;
    for await (const operations of earlier()) {
      for (const o of operations.toReversed())
        if ((o.kind === 'createColumn' || o.kind === 'renameColumn') && this.#known.has(o.column) && !names.has(o.column))
          names.set(o.column, o.name);
      if (names.size === this.#known.size) break;
    }
    return names;
  }
}
