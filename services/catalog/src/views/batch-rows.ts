import { type Queryable, rows } from '@dr/event-store';

/** A table of a view, as a projection writes it. */
export interface ViewTable<Row extends object> {
  readonly name: string;
  /** Each column with its SQL type. */
  readonly columns: Readonly<Record<keyof Row & string, string>>;
  /** Primary key: the id of what the row belongs to and, where that has several rows, their number. */
  readonly id: keyof Row & string;
  readonly number?: keyof Row & string;
  /** What events change once the row is there. */
  readonly changing: readonly (keyof Row & string)[];
}

export interface Place {
  readonly id: string;
  readonly n: number;
}

/**
 * The rows of one table that a batch of events touches: read with one question, changed in memory, written with one statement. A row that is
 * there is not made anew, and one that is not there is not changed: a repeat of a batch changes nothing.
 */
export class BatchRows<Row extends object> {
  private readonly table: ViewTable<Row>;
  private readonly held = new Map<string, Map<number, Row>>();
  private readonly changed = new Set<Row>();

  constructor(table: ViewTable<Row>) {
    this.table = table;
  }

  /** Holds all rows of these ids. */
  async load(tx: Queryable, ids: Iterable<string>): Promise<void> {
    const wanted = [...ids];
    if (wanted.length > 0) this.hold(await rows<Row>(tx, `${selectFrom(this.table)} WHERE ${this.table.id} = ANY ($1)`, [wanted]));
  }

  /** Holds single rows of ids that may have thousands. */
  async loadPlaces(tx: Queryable, places: readonly Place[]): Promise<void> {
    if (places.length === 0) return;
    const { id, number } = this.table;
    const sql = `${selectFrom(this.table)} WHERE (${id}, ${number}) IN (SELECT * FROM unnest($1::text[], $2::int[]))`;
    this.hold(await rows<Row>(tx, sql, [places.map((place) => place.id), places.map(({ n }) => n)]));
  }

  /** Unless it is there. */
  insert(row: Row): void {
    if (this.hold([row])) this.changed.add(row);
  }

  change(id: string, change: (row: Row) => Partial<Row>, n = 0): void {
    const row = this.held.get(id)?.get(n);
    if (row) this.changed.add(Object.assign(row, change(row)));
  }

  /** Every row of the id that is held. */
  changeAll(id: string, change: (row: Row) => Partial<Row>): void {
    for (const n of this.held.get(id)?.keys() ?? []) this.change(id, change, n);
  }

  async save(tx: Queryable): Promise<void> {
    if (this.changed.size > 0) await tx.query(upsertInto(this.table), [JSON.stringify([...this.changed])]);
    this.changed.clear();
  }

  /** @returns whether the last one was new. */
  private hold(found: readonly Row[]): boolean {
    let isNew = false;
    for (const row of found) {
      const { id, number } = this.table;
      const numbered = this.held.get(row[id] as string) ?? new Map<number, Row>();
      const n = number === undefined ? 0 : (row[number] as number);
      isNew = !numbered.has(n);
      if (isNew) numbered.set(n, row);
      this.held.set(row[id] as string, numbered);
    }
    return isNew;
  }
}

const selectFrom = <Row extends object>({ name, columns }: ViewTable<Row>): string =>
  `SELECT ${Object.keys(columns).join(', ')} FROM ${name}`;

export function upsertInto<Row extends object>({ name, columns, id, number, changing }: ViewTable<Row>): string {
  const names = Object.keys(columns).join(', ');
  const typed = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  const updates = changing.map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${name} (${names}) SELECT ${names} FROM jsonb_to_recordset($1::jsonb) AS r (${typed.join(', ')})
    ON CONFLICT (${[id, ...(number ? [number] : [])].join(', ')}) DO UPDATE SET ${updates.join(', ')}`;
}
