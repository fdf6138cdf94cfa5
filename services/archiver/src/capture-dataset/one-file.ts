import { type SourceFolder, SourceMissing } from '@dr/storage';

/** A folder as if one file were all there is in it: listing looks at nothing else. */
export function oneFile(folder: SourceFolder, name: string): SourceFolder {
  const found = async () => {
    const file = await folder.stat(name);
    if (!file) throw new SourceMissing(name);
    return [file];
  };
  return {
    root: folder.root,
    list: async function* () {
      yield await found();
    },
    readdir: found,
    stat: async (path) => (path === '' || path === name ? folder.stat(path) : undefined),
    read: (path, range) => folder.read(path, range),
    open: (path) => folder.open(path),
    openSync: (path) => folder.openSync(path),
  };
}
