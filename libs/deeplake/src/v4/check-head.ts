import { positionBytes, samplesOf } from '../bytes/chunk-header.ts';
import { HEAD_BYTES, readChunkHeader } from '../bytes/read-chunk-header.ts';
import type { DatasetView } from '../dataset-view.ts';
import { Malformed } from '../errors.ts';
import { type ArrayHeader, parseArrayHeader } from './array-header.ts';
import type { FileReference } from './operation.ts';

/**
 * D3: does the head of a block's bytes agree with the log?
 * @returns what is wrong, undefined when nothing is (or the format has no known head). Rejects when the file cannot be read.
 */
export async function checkHead(view: DatasetView, path: string, part: FileReference): Promise<string | undefined> {
  const [start, size] = part.packed ? [part.packed.offset, part.packed.length] : [0, part.size];
  try {
    if (part.format?.type === '1') return await checkChunkHead(view, path, part, start, size);
    if (part.format?.type === '2') return await checkArrayHead(view, path, part, start, size);
    return undefined;
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

async function checkChunkHead(
  view: DatasetView,
  path: string,
  part: FileReference,
  start: number,
  size: number,
): Promise<string | undefined> {
  const { header, head } = await readChunkHeader(view, path, start, size);
  const total = positionBytes(header);
  if (header.shapes.length > 0 && samplesOf(header) !== part.rows) return `shape runs cover ${samplesOf(header)} of ${part.rows} rows`;
  if (total === undefined) return undefined;
  const covered = header.positions.at(-1)! + 1;
  if (covered !== part.rows) return `position runs cover ${covered} of ${part.rows} rows`;
  const data = part.format?.compression === 'lz4' ? sizePrefix(head, header.headerBytes, size) : size - header.headerBytes;
  return data === total ? undefined : `data has ${data} bytes, position runs say ${total}`;
}

/** The u32 before an LZ4 block. No data at all stands for nothing compressed. */
function sizePrefix(head: Uint8Array, at: number, size: number): number {
  if (at === size) return 0;
  if (at + 4 > head.length) throw new Malformed('the compressed data has no size prefix');
  return new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(at, true);
}

async function checkArrayHead(
  view: DatasetView,
  path: string,
  part: FileReference,
  start: number,
  size: number,
): Promise<string | undefined> {
  const header = parseArrayHeader(await view.read(path, { start, end: start + Math.min(size, HEAD_BYTES) }));
  if (header.layout === 'struct') return undefined;
  const rows = header.layout === 'static' ? header.dims[0] : header.rows;
  if (rows !== undefined && rows !== part.rows) return `${rows} rows, the log says ${part.rows}`;
  return header.layout === 'static' ? checkStatic(header, part, size) : checkDataBytes(part, size - (part.headerBytes ?? 0));
}

function checkStatic(header: Extract<ArrayHeader, { layout: 'static' }>, part: FileReference, size: number): string | undefined {
  if (part.headerBytes !== undefined && part.headerBytes !== header.headerBytes)
    return `header of ${header.headerBytes} bytes, the log says ${part.headerBytes}`;
  const data = size - header.headerBytes;
  const values = header.dims.reduce((product, dim) => product * dim, 1);
  if (values > 0 && data % values !== 0) return `${data} bytes do not hold ${header.dims.join(' x ')} values`;
  return checkDataBytes(part, data);
}

function checkDataBytes(part: FileReference, data: number): string | undefined {
  const stated = part.statistics?.dataBytes;
  return stated === undefined || part.headerBytes === undefined || stated === data
    ? undefined
    : `${data} bytes of data, the log says ${stated}`;
}
