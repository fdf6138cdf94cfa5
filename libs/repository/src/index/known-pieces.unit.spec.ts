import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { KnownPieces, newTable } from './known-pieces.ts';
import { prefixWords } from './piece-index.ts';

const ids = (count: number): Buffer[] => Array.from({ length: count }, () => randomBytes(32));

test('the first to claim a piece stores it, everybody else knows', () => {
  const table = newTable(100);
  const [one, two] = [new KnownPieces([table]), new KnownPieces([table])];
  for (const id of ids(100)) {
    expect(one.claim(id)).toBe('mine');
    expect(two.claim(id)).toBe('own');
    expect(one.claim(id)).toBe('own');
  }
});

test('pieces of the index are known by their pack; a pack that is not trusted is taken over once', () => {
  const table = newTable(10);
  const known = new KnownPieces([table]);
  const [a, b, c] = ids(3) as [Buffer, Buffer, Buffer];
  known.enter(prefixWords(a), 0);
  known.enter(prefixWords(b), 4);
  known.enter(prefixWords(c), 'own');
  expect([known.claim(a), known.claim(b), known.claim(c)]).toEqual([0, 4, 'own']);
  expect(known.takeOver(b, 3)).toBe(false);
  expect(known.takeOver(b, 4)).toBe(true);
  expect(known.takeOver(b, 4)).toBe(false);
  expect(known.claim(b)).toBe('own');
});

test('grows by larger tables; what is in the old ones stays known, and a full table only costs space', () => {
  const table = newTable(1);
  const known = new KnownPieces([table]);
  const all = ids(20_000);
  let tables = 1;
  for (const id of all) {
    expect(known.claim(id)).toBe('mine');
    const entries = known.growTo();
    if (entries === undefined) continue;
    known.addTable(newTable(entries));
    tables++;
  }
  expect(tables).toBeGreaterThanOrEqual(3);
  expect(all.every((id) => known.claim(id) === 'own')).toBe(true);

  const stale = new KnownPieces([newTable(1)]);
  const claims = all.map((id) => stale.claim(id));
  expect(claims.every((claim) => claim === 'mine')).toBe(true);
});

test('threads that claim the same pieces at once share them out without doubling or losing any', async () => {
  const table = newTable(30_000);
  const pieces = new SharedArrayBuffer(20_000 * 32);
  Buffer.from(pieces).set(randomBytes(20_000 * 32));
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { KnownPieces } = await import(workerData.module);
    const known = new KnownPieces([workerData.table]);
    const bytes = new Uint8Array(workerData.pieces);
    let mine = 0;
    for (let i = 0; i < 20000; i++) if (known.claim(bytes.slice(32 * i, 32 * i + 32)) === 'mine') mine++;
    parentPort.postMessage(mine);`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const workerData = { module: new URL('./known-pieces.ts', import.meta.url).href, table, pieces };
  const run = (): Promise<number> =>
    new Promise((resolve, reject) => new Worker(url, { workerData, execArgv: [] }).once('message', resolve).once('error', reject));
  const mine = await Promise.all([run(), run(), run()]);
  expect(mine.reduce((a, b) => a + b)).toBe(20_000);
});
