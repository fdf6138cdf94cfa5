import type { DatasetFormat } from '../finding.ts';
import { isDataFile as isV3Data } from '../v3/paths.ts';
import { classifyPath } from '../v4/paths.ts';
import type { PlannedFile } from './planned-file.ts';

/** Whether a file holds rows or an index, and nothing that says which versions there are or how they are made up. Of an unknown layout nothing is known to be more. */
const DATA: Readonly<Record<DatasetFormat, (path: string) => boolean>> = {
  v3: isV3Data,
  v4: (path) => classifyPath(path).kind === 'data',
  opaque: () => true,
};

/** A plan whose data files are marked to be pinned; barriers stay what they are. */
export async function* withPins(pages: AsyncIterable<PlannedFile[]>, format: DatasetFormat): AsyncGenerator<PlannedFile[]> {
  const isData = DATA[format];
  for await (const page of pages) {
    if (page.length === 0) yield page;
    else yield page.map((file) => (file.kind === 'file' && isData(file.path) ? { ...file, pin: true } : file));
  }
}
