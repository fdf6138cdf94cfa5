import { availableParallelism } from 'node:os';
import type { EngineOptions } from '../api.ts';
import type { PackKind } from '../format/object-names.ts';
import { packBufferBytes } from '../format/pack-writer.ts';
import { PIECE_BYTES_MAX } from '../format/record.ts';

const MiB = 1024 * 1024;
const DATA_TARGET = 16 * MiB;
const META_TARGET = 4 * MiB;
const MEMORY_DEFAULT = 160 * MiB;
const WORKERS_MAX = 64;
/** What a thread takes beside pack buffers: a piece, its compressed form, its copy that is compared. */
const SCRATCH = 4 * PIECE_BYTES_MAX;

/** What follows from the memory budget. Bytes. */
export interface EngineLimits {
  readonly workers: number;
  readonly compressionLevel: number;
  /** Bytes at which packs end. */
  readonly targets: Readonly<Record<PackKind, number>>;
  readonly buffers: { readonly bytes: Readonly<Record<PackKind, number>>; readonly counts: Readonly<Record<PackKind, number>> };
}

/**
 * Each thread fills one data and one meta buffer while one more of each is on its way; when that is more than the budget, packs get smaller, then
 * threads fewer. At least one thread with the smallest packs (4 MiB) is always there.
 */
export function engineLimits({
  workers = availableParallelism(),
  memoryBytesMax = MEMORY_DEFAULT,
  compressionLevel = 1,
}: EngineOptions): EngineLimits {
  let threads = Math.max(1, Math.min(WORKERS_MAX, Math.floor(workers)));
  while (threads > 1 && need(threads, META_TARGET) > memoryBytesMax) threads--;
  let data = DATA_TARGET;
  while (data > META_TARGET && need(threads, data) > memoryBytesMax) data /= 2;
  const targets = { data, meta: META_TARGET };
  const bytes = { data: packBufferBytes(data), meta: packBufferBytes(META_TARGET) };
  const counts = { data: threads + 1, meta: threads + 1 };
  return { workers: threads, compressionLevel, targets, buffers: { bytes, counts } };
}

const need = (threads: number, data: number): number =>
  (threads + 1) * packBufferBytes(data) + (threads + 3) * packBufferBytes(META_TARGET) + threads * SCRATCH;
