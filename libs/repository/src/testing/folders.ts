import { hash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openSourceFolder } from '@dr/storage';
import type { CaptureFile, Chunker } from '../types.ts';

const made: string[] = [];

/** A folder of its own for a test; removed by `removeFolders`. */
export function temporaryFolder(name = 'repository'): string {
  const folder = mkdtempSync(join(tmpdir(), `dr-${name}-`));
  made.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Writes files (folders are made) and @returns the root. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>, root = temporaryFolder('source')): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** Everything below a folder as capture files, one group per listing page. */
export async function* captureFiles(root: string, chunker?: (path: string) => Chunker | undefined): AsyncGenerator<CaptureFile[]> {
  const folder = await openSourceFolder(root);
  for await (const page of folder.list()) {
    yield page
      .filter(({ kind }) => kind !== 'special')
      .map((file) => ({ ...file, kind: file.kind as CaptureFile['kind'], chunker: chunker?.(file.path) }));
  }
}

/** Paths with content, kind, mode and mtime (to the microsecond), to compare folders with. */
export function contentsOf(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(root, { recursive: true }) as string[]) {
    const stat = lstatSync(join(root, name), { bigint: true });
    const mode = (Number(stat.mode) & 0o7777).toString(8);
    if (stat.isSymbolicLink()) found[name] = `link ${readlinkSync(join(root, name))}`;
    else if (stat.isDirectory()) found[name] = `dir ${mode} ${stat.mtimeNs / 1000n}`;
    else found[name] = `file ${mode} ${stat.mtimeNs / 1000n} ${hash('sha256', readFileSync(join(root, name)))}`;
  }
  return found;
}
