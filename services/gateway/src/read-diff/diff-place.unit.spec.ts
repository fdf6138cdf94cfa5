import { behindOf, cursorOf } from './diff-place.ts';

test.each(['articles', 'a/b', 'ümläut\u{1F600} "x"', 'x/'.repeat(2_000)])('a place survives: %s', (last) => {
  expect(cursorOf(last)).toMatch(/^[\w-]+$/);
  expect(behindOf(cursorOf(last))).toBe(last);
});

const of = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each(['0', 'abc', of(null), of({}), of([]), of(['']), of([1]), of(['a', 'b'])])('no page gave %s', (cursor) => {
  expect(() => behindOf(cursor)).toThrow(expect.objectContaining({ status: 400, code: 'request.bad_cursor' }));
});
