/** Names that lead somewhere else, or that no key could reach. */
import { isDatasetId, isTenantName } from './names.ts';

test.each(['acme', 'ü', '__proto__', 'a b'])('%j is the name of a tenant and of a data set', (name) => {
  expect([isTenantName(name), isDatasetId(name), isDatasetId(`deep/${name}`)]).toEqual([true, true, true]);
});

test.each(['', '.', '..', 'a\u0000', '.dr-x', 'x'.repeat(256)])('%j is neither', (name) => {
  expect([isTenantName(name), isDatasetId(name), isDatasetId(`a/${name}`)]).toEqual([false, false, false]);
});

test('the sign for all tenants is no tenant, but a data set may be called so', () => {
  expect([isTenantName('*'), isDatasetId('*'), isTenantName('a/b')]).toEqual([false, true, false]);
});
