/** See tools/write-docs. Runs the sources as they are (types are erased by Node). */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cliReference } from '../cli/dr/src/verb/reference.ts';
import { verbs } from '../cli/dr/src/verbs/index.ts';
import { configurationReference } from '../libs/config/src/reference.ts';

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs');
writeFileSync(join(docs, 'configuration.md'), configurationReference());
writeFileSync(join(docs, 'cli.md'), cliReference(await Promise.all(Object.values(verbs).map((load) => load()))));
