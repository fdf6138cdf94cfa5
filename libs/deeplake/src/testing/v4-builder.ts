import { MemoryView } from './memory-view.ts';

export const MAIN = '1'.padStart(32, '0');
const META = '_deeplake_log/_meta';

/** Writes small v4 data sets into memory, log line by log line, for tests of histories and checks. */
export class V4Builder {
  readonly view = new MemoryView();

  constructor() {
    this.meta(
      '0000000001c00000000',
      { setId: { id: 'x' } },
      { setMinReader: { minReader: 4 } },
      { createBranch: { id: MAIN, name: 'main' } },
    );
  }

  meta(version: string, ...operations: object[]): this {
    return this.#file(`${META}/${version}.jsonl`, operations);
  }

  log(version: string, ...operations: object[]): this {
    return this.logOf(MAIN, version, ...operations);
  }

  logOf(branch: string, version: string, ...operations: object[]): this {
    return this.#file(`_deeplake_log/${branch}/${version}.jsonl`, operations);
  }

  counter(folder: string, next: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(next), true);
    this.view.write(`_deeplake_log/${folder}/next_base`, bytes);
    return this;
  }

  #file(path: string, operations: object[]): this {
    const lines = [{ commit: { release: '4.7.4', clientTimestamp: 1 } }, ...operations].map((line) => `${JSON.stringify(line)}\n`);
    this.view.write(path, lines.join(''));
    return this;
  }
}

export const column = (i: number, n = `c${i}`) => ({ createColumn: { i, n, t: { k: 'generic', d: { t: { t: { d: 'int64' } } } } } });
export const deleted = (...rowIds: (number | [number, number])[]) => ({ deleteRows: { rowIds } });

/** A block of a column in a file of its own, whose layout is not one that D3 looks into. */
export function rows(block: number, n: number, c = 1) {
  const d = {
    p: [''],
    c: [''],
    b: [8],
    st: '0',
    hs: '0',
    h: [0],
    s: [[]],
    n: [n],
    x: `col${c}/${block}`,
    f: { t: '3', d: {} },
    cs: [{ rc: n }],
  };
  return { addBlock: { d, c, b: block } };
}

/** Puts a file there for every block that `rows` names. */
export function withFiles(builder: V4Builder): MemoryView {
  const text = [...builder.view.files.values()].map((b) => new TextDecoder().decode(b)).join('');
  for (const [, path] of text.matchAll(/"x":"([^"]+)"/g)) builder.view.write(path!, new Uint8Array(8));
  return builder.view;
}

export const rowId = (block: number, offset: number) => block * 2 ** 32 + offset;
