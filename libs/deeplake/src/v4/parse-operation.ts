import { asArray, asCount, asObject, asString, field, type JsonObject, optional } from '../bytes/json-shape.ts';
import { Malformed } from '../errors.ts';
import type { Operation, RowMove, RowRange, VersionPoint } from './operation.ts';
import { blockFiles, blockProblem, dtypeOf, nestedFiles, updateFile } from './parse-files.ts';

const BLOCK_ROWS = 0x1_0000_0000;
const BLOCK_ID_MAX = 0xffff_ffff;

/** Operations that are known and change neither rows, columns, branches nor files. Source: DEEPLAKE_V4.md section 2.2. */
const WITHOUT_STRUCTURE = new Set(
  (
    'commit setCreatedTime setMinWriter setMetadata setMetadata2 setName setDescription linkTag gcArmed ' +
    'setColumnMetadata setColumnMetadata2 createIndex dropIndex addCompaction heavyMarker addCredsKey'
  ).split(' '),
);
const INDEX_OPERATIONS = new Set(['addInvertedBlock', 'addClusteredBlock', 'addJsonBlock', 'addMatrixBlock']);

type Parse = (body: JsonObject) => Operation;
const text = (body: JsonObject, key: string) => asString(field(body, key), key);
const count = (body: JsonObject, key: string) => asCount(field(body, key), key);

const PARSERS: Readonly<Record<string, Parse>> = {
  createColumn: (b) => ({ kind: 'createColumn', column: count(b, 'i'), name: text(b, 'n'), ...columnType(field(b, 't')) }),
  renameColumn: (b) => ({ kind: 'renameColumn', column: count(b, 'i'), name: text(b, 'n') }),
  dropColumn: (b) => ({ kind: 'dropColumn', column: count(b, 'i') }),
  addBlock,
  updateData: (b) => ({ kind: 'updateData', column: count(b, 'c'), rows: rowRanges(field(b, 'r')), files: [updateFile(field(b, 'f'))] }),
  deleteRows: (b) => ({ kind: 'deleteRows', rows: rowRanges(field(b, 'rowIds')) }),
  heavyRemap: (b) => ({
    kind: 'heavyRemap',
    superseded: asArray(field(b, 's'), 's').map((v) => asCount(v, 's')),
    moves: asArray(field(b, 'm') ?? [], 'm').flatMap(rowMoves),
  }),
  foldWal: (b) => ({ kind: 'foldWal', entries: asArray(field(b, 'e'), 'e').map(walPosition) }),
  createBranch: (b) => ({
    kind: 'createBranch',
    id: text(b, 'id'),
    name: text(b, 'name'),
    parent: optional(field(b, 'parent'), asString, 'parent') || undefined,
    version: optional(field(b, 'version'), asString, 'version') || undefined,
  }),
  renameBranch: (b) => ({ kind: 'renameBranch', id: text(b, 'id'), name: text(b, 'name') }),
  deleteBranch: (b) => ({ kind: 'deleteBranch', id: text(b, 'id') }),
  createTag: (b) => ({
    kind: 'createTag',
    id: text(b, 'id'),
    name: text(b, 'name'),
    branch: text(b, 'branch_id'),
    version: text(b, 'version'),
  }),
  renameTag: (b) => ({ kind: 'renameTag', id: text(b, 'id'), name: text(b, 'name') }),
  deleteTag: (b) => ({ kind: 'deleteTag', id: text(b, 'id') }),
  mergeBranch: (b) => ({ kind: 'mergeBranch', source: point(field(b, 'source')), destination: point(field(b, 'destination')) }),
  setId: (b) => ({ kind: 'setId', id: text(b, 'id') }),
  setMinReader: (b) => ({ kind: 'setMinReader', minReader: count(b, 'minReader') }),
};

/** One parsed log line: an object with exactly one key, the operation. @throws Malformed naming the operation and the field. */
export function parseOperation(line: unknown): Operation {
  const entries = Object.entries(asObject(line, 'line'));
  if (entries.length !== 1) throw new Malformed(`a line holds ${entries.length} operations instead of one`);
  const [operation, value] = entries[0]!;
  try {
    return parseBody(operation, value);
  } catch (error) {
    if (error instanceof Malformed) throw new Malformed(`${operation}: ${error.message}`);
    throw error;
  }
}

function parseBody(operation: string, value: unknown): Operation {
  const parse = Object.hasOwn(PARSERS, operation) ? PARSERS[operation] : undefined;
  if (parse) return parse(asObject(value, 'body'));
  if (INDEX_OPERATIONS.has(operation)) return { kind: 'index', operation, files: nestedFiles(value) };
  if (WITHOUT_STRUCTURE.has(operation)) return { kind: 'other', operation };
  return { kind: 'unknown', operation, files: nestedFiles(value) };
}

function addBlock(b: JsonObject): Operation {
  const d = asObject(field(b, 'd'), 'd');
  const files = blockFiles(d);
  const rows = files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
  if (rows > BLOCK_ROWS) throw new Malformed(`${rows} rows do not fit in one block`);
  return { kind: 'addBlock', column: count(b, 'c'), block: blockId(count(b, 'b')), rows, files, problem: blockProblem(d) };
}

function columnType(value: unknown): { type: string; dtype: string | undefined } {
  const t = asObject(value, 't');
  const details = field(t, 'd') as { t?: unknown; dtype?: unknown } | undefined;
  const plain = typeof details?.dtype === 'string' ? details.dtype : undefined;
  return { type: text(t, 'k'), dtype: plain ?? dtypeOf(details?.t) };
}

function point(value: unknown): VersionPoint {
  const p = asObject(value, 'version');
  return { branch: text(p, 'branch'), version: text(p, 'version') };
}

function walPosition(value: unknown): { writer: number; entry: number } {
  const [writer, entry] = asArray(value, 'e');
  return { writer: asCount(writer, 'writer'), entry: asCount(entry, 'entry') };
}

/** Row ids as listed in the log: single ids or `[first id, count]`. A range that leaves its block goes on in the next. @throws Malformed. */
export function rowRanges(value: unknown): RowRange[] {
  return asArray(value, 'row ids').flatMap((entry) => {
    const [first, length] = Array.isArray(entry) ? [entry[0] as unknown, asCount(entry[1], 'row count')] : [entry, 1];
    if (length > BLOCK_ROWS) throw new Malformed(`a range of ${length} rows is impossible`);
    return splitAtBlock(rowId(first), length);
  });
}

/** `[first old id, count, first new id]`; where either side leaves its block, both are cut there. */
function rowMoves(value: unknown): RowMove[] {
  const [old, length, fresh] = asArray(value, 'm');
  const moves: RowMove[] = [];
  let [from, to, left] = [rowId(old), rowId(fresh), asCount(length, 'row count')];
  if (left > BLOCK_ROWS) throw new Malformed(`a move of ${left} rows is impossible`);
  while (left > 0) {
    const [a] = splitAtBlock(from, left);
    const [b] = splitAtBlock(to, left);
    const count = Math.min(a!.count, b!.count);
    moves.push({ from: { ...a!, count }, to: { block: b!.block, offset: b!.offset } });
    [from, to, left] = [from + BigInt(count), to + BigInt(count), left - count];
  }
  return moves;
}

function rowId(value: unknown): bigint {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value)))
    throw new Malformed('a row id is not a whole number');
  const id = BigInt(value);
  if (id < 0n || id > 0xffff_ffff_ffff_ffffn) throw new Malformed(`row id ${id} is out of range`);
  return id;
}

function splitAtBlock(first: bigint, length: number): RowRange[] {
  const block = Number(first >> 32n);
  const offset = Number(first & 0xffff_ffffn);
  const here = Math.min(length, BLOCK_ROWS - offset);
  const head: RowRange = { block, offset, count: here };
  return here === length ? [head] : [head, { block: blockId(block + 1), offset: 0, count: length - here }];
}

function blockId(id: number): number {
  if (id > BLOCK_ID_MAX) throw new Malformed(`block id ${id} is out of range`);
  return id;
}
