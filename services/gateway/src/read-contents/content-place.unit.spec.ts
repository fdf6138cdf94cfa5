import { contentCursorOf, contentPlaceOf } from './content-place.ts';

test.each([
  ['articles', '_deeplake_log/main/1'],
  ['a/b', 'ümläut\u{1F600} "x"'],
  ['long', 'x/'.repeat(2_000)],
])('%s: a place survives', (datasetId, path) => {
  const cursor = contentCursorOf({ datasetId, path });
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(contentPlaceOf(cursor)).toEqual({ datasetId, path });
});

const of = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each([
  '0',
  '10',
  'abc',
  of(null),
  of({}),
  of([]),
  of(['a']),
  of(['a', 1]),
  of(['', 'x']),
  of(['a', '']),
  of(['a', 'b', 'c']),
  of(['a', 'b\0']),
])('no page gave %s', (cursor) =>
  expect(() => contentPlaceOf(cursor)).toThrow(expect.objectContaining({ status: 400, code: 'request.bad_cursor' })),
);
