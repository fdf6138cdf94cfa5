import { Listing } from '../listing.ts';
import { chunkBytes } from '../testing/chunk-bytes.ts';
import { sizedLz4 } from '../testing/lz4-encode.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { type ChunkFacts, chunkFacts } from './chunk-facts.ts';
import { DatasetFiles } from './dataset-files.ts';
import type { TensorMeta } from './metas.ts';

const RAW: TensorMeta = {
  length: 3,
  htype: 'generic',
  dtype: 'float32',
  minShape: [2],
  maxShape: [2],
  sampleCompression: undefined,
  chunkCompression: undefined,
  isSequence: false,
  isLink: false,
  links: [],
};

async function facts(
  bytes: Uint8Array | undefined,
  meta: Partial<TensorMeta> = {},
  options: { tile?: boolean; deep?: boolean } = {},
): Promise<ChunkFacts> {
  const view = new MemoryView();
  if (bytes) view.write('t/chunks/1', bytes);
  const files = new DatasetFiles(view, await Listing.of(view));
  return chunkFacts(files, 't/chunks/1', { ...RAW, ...meta }, options.tile ?? false, options.deep ?? true);
}

const chunk = (each: number, data: Uint8Array) => chunkBytes({ shapes: [2, 2], positions: [each, 0, 2], data });

test('three raw samples of two floats', async () => {
  expect(await facts(chunk(8, new Uint8Array(24)))).toEqual({ samples: 3, problem: undefined });
});

test.each([
  ['no file', undefined, 'C1'],
  ['no header', new Uint8Array(3), 'C2'],
  ['too little data', chunk(8, new Uint8Array(23)), 'C4'],
  ['positions that do not add up', chunkBytes({ shapes: [2, 2], positions: [8, 0, 1, 8, 15, 2], data: new Uint8Array(24) }), 'C4'],
  ['samples of another size', chunk(4, new Uint8Array(12)), 'C5'],
])('%s is %s', async (_what, bytes, code) => {
  expect((await facts(bytes)).problem?.code).toBe(code);
});

test.each([
  ['of various shapes', { maxShape: [3] }],
  ['of text', { htype: 'text', dtype: 'str' }],
  ['of JSON', { htype: 'json', dtype: 'Any' }],
  ['that are links', { isLink: true }],
  ['compressed one by one', { sampleCompression: 'lz4' }],
  ['of a type without width', { dtype: 'object' }],
  ['of a tensor that is still empty', { minShape: [], maxShape: [] }],
])('samples %s have no size that C5 could know', async (_what, meta) => {
  expect((await facts(chunk(5, new Uint8Array(15)), meta)).problem).toBeUndefined();
});

test('a tile is only a part of its sample', async () => {
  expect((await facts(chunk(4, new Uint8Array(12)), {}, { tile: true })).problem).toBeUndefined();
});

describe('chunk compression', () => {
  const lz4 = { chunkCompression: 'lz4', htype: 'text', dtype: 'str', minShape: [1], maxShape: [1] };
  const frame = Uint8Array.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0, 6, 0, 0, 128, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0]);

  test('lz4: the size prefix counts; deep decodes', async () => {
    expect((await facts(chunk(2, sizedLz4(new Uint8Array(6))), lz4)).problem).toBeUndefined();
    expect((await facts(chunk(3, sizedLz4(new Uint8Array(6))), lz4)).problem?.code).toBe('C4');
    const damaged = chunk(2, sizedLz4(new Uint8Array(6)).with(4, 0xf0));
    expect((await facts(damaged, lz4)).problem?.code).toBe('C6');
    expect((await facts(damaged, lz4, { deep: false })).problem).toBeUndefined();
  });

  test('empty text needs no data', async () => {
    expect((await facts(chunk(0, new Uint8Array(0)), lz4)).problem).toBeUndefined();
  });

  test('old LZ4 frames have no size prefix: judged only by decoding', async () => {
    expect((await facts(chunk(2, frame), lz4)).problem).toBeUndefined();
    expect((await facts(chunk(3, frame), lz4)).problem?.code).toBe('C6');
    expect((await facts(chunk(3, frame), lz4, { deep: false })).problem).toBeUndefined();
  });

  test('pictures compressed together have no positions and are not judged', async () => {
    expect((await facts(chunkBytes({ shapes: [2, 2], data: new Uint8Array(9) }), { chunkCompression: 'png' })).problem).toBeUndefined();
  });
});

describe('pictures', () => {
  const jpeg = { sampleCompression: 'jpeg', htype: 'image', dtype: 'uint8' };
  const picture = [0xff, 0xd8, 0xff, 1];

  test('begin as such; empty samples are fine', async () => {
    const two = chunkBytes({ shapes: [2, 2], positions: [4, 0, 0, 0, 4, 1, 4, 4, 2], data: Uint8Array.from([...picture, ...picture]) });
    expect((await facts(two, jpeg)).problem).toBeUndefined();
    const bad = chunkBytes({ shapes: [2, 2], positions: [4, 0, 2], data: Uint8Array.from([...picture, ...picture, 0, 0, 0, 0]) });
    expect((await facts(bad, jpeg)).problem).toEqual({ code: 'C6', message: 'sample 2 does not begin as jpeg' });
    expect((await facts(bad, { ...jpeg, isLink: true })).problem).toBeUndefined();
    expect((await facts(bad, { ...jpeg, sampleCompression: 'webp' })).problem).toBeUndefined();
  });
});
