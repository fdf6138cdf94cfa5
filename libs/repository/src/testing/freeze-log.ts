/**
 * Made the frozen copy of an event log and the frozen words: `node --conditions=dr-source freeze-log.ts > fixtures/golden/log.json`. Run once; what it made
 * is never made again, because every later version must read exactly these bytes.
 */
import { MemoryStore } from '@dr/storage/faults';
import { goldenSegments, goldenWords } from './golden-log.ts';
import { newRepository } from './opened.ts';

const store = new MemoryStore();
const repository = await newRepository(store);
const log = await repository.log();
for (const segment of goldenSegments()) await log.put(segment);
for (const tenant of ['acme', undefined]) {
  const archive = await repository.words(tenant);
  for (const words of goldenWords(tenant)) await archive.put(words);
}
await repository.close();
const objects = [...store.objects].map(([key, { bytes }]) => [key, Buffer.from(bytes).toString('base64')] as const);
process.stdout.write(`${JSON.stringify(Object.fromEntries(objects.sort()), null, 2)}\n`);
