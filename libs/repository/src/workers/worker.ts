import { parentPort } from 'node:worker_threads';
import { openSourceFolder, type SourceFolder, SourceOutside } from '@dr/storage';
import { ByteWriter } from '../format/bytes.ts';
import type { PackKind } from '../format/object-names.ts';
import { encodeEntry } from '../format/tree-entry.ts';
import type { CapturedFile, CaptureJob, CaptureResult, FinishJob, FromWorker, Job, SealedPiece, ToWorker } from './messages.ts';
import type { NamedPack } from './pack-source.ts';
import { type SessionContext, sessionContext, type ThreadLinks } from './session-context.ts';
import { unpack, writeFiles } from './unpack.ts';

/** A worker thread of the engine: takes jobs one after the other, owns whole files, and talks to the main thread per batch and per pack, never per piece. */
const port = parentPort!;
const sessions = new Map<number, SessionContext>();
const buffers: Record<PackKind, ((buffer: ArrayBuffer) => void)[]> = { data: [], meta: [] };
const packs = new Map<string, (found: NamedPack | undefined) => void>();
const pieces = new Map<string, (found: SealedPiece | undefined) => void>();
let turn: Promise<void> = Promise.resolve();

const send = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

const links: ThreadLinks = {
  /** Buffers are scarce: what this thread holds open for other sessions goes first, so that waiting always ends. */
  obtain: (kind, session) => {
    for (const [other, { writer }] of sessions) if (other !== session) writer.finish(kind);
    send({ type: 'need', kind });
    return new Promise((resolve) => buffers[kind].push((buffer) => resolve(Buffer.from(buffer))));
  },
  deliver: (pack) => send(pack, [pack.buffer]),
  namedPack: (session, pack) => {
    send({ type: 'check', session, pack });
    return new Promise((resolve) => packs.set(`${session}/${pack}`, resolve));
  },
  sealedPiece: (session, id) => {
    send({ type: 'base', session, id });
    return new Promise((resolve) => pieces.set(`${session}/${Buffer.from(id).toString('hex')}`, resolve));
  },
};

/** The last root is kept: a data set's batches follow each other. */
let lastFolder: { root: string; folder: SourceFolder } | undefined;

/** A link in place of the data set's folder would lead to another's files. @throws SourceOutside */
async function folderAt(root: string): Promise<SourceFolder> {
  if (lastFolder?.root === root) return lastFolder.folder;
  const folder = await openSourceFolder(root);
  if (folder.root !== root) throw new SourceOutside(root, 'a symbolic link took the place of the folder, or lies on the way to it');
  lastFolder = { root, folder };
  return folder;
}

async function capture(job: CaptureJob): Promise<CaptureResult> {
  const context = sessions.get(job.session)!;
  const folder = await folderAt(job.root);
  const entries = new ByteWriter(job.files.length * 192 + 64);
  const files: CapturedFile[] = [];
  for (const file of job.files) {
    const { body, ...outcome } = await context.capture.capture(file, folder, job.nowMs);
    const start = entries.length;
    if (body) encodeEntry(body, entries);
    files.push({ path: file.path, entry: body && { start, end: entries.length }, ...outcome });
  }
  return { files, entries: new Uint8Array(entries.view()) };
}

function finish({ session }: FinishJob): undefined {
  for (const [number, { writer }] of sessions) {
    if (session !== undefined && session !== number) continue;
    writer.finish('data');
    writer.finish('meta');
  }
}

async function run(work: Job): Promise<unknown> {
  switch (work.type) {
    case 'capture':
      return capture(work);
    case 'finish':
      return finish(work);
    case 'unpack':
      return unpack(work);
    case 'write':
      return writeFiles(work);
  }
}

async function answer(job: number, work: Job): Promise<void> {
  try {
    const result = await run(work);
    send({ type: 'done', job, result }, givenBack(result));
  } catch (cause) {
    const { code = 'repository.worker', message } = cause as { code?: string; message: string };
    send({ type: 'failed', job, error: { code, message } });
  }
}

/** Memory that goes back with a result. */
const givenBack = (result: unknown): ArrayBuffer[] => (result as { memory?: ArrayBuffer[] } | undefined)?.memory ?? [];

/** A session that failed or was cancelled leaves packs open. Buffers are scarce: kept here, they would be missing until nobody can work any more. */
function endSession(session: number): void {
  for (const { kind, buffer } of sessions.get(session)?.writer.drop() ?? []) {
    const own = buffer.buffer as ArrayBuffer;
    send({ type: 'give-back', kind, buffer: own }, [own]);
  }
  sessions.delete(session);
}

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'job':
      turn = turn.then(() => answer(message.job, message.work));
      return;
    case 'buffer':
      return buffers[message.kind].shift()?.(message.buffer);
    case 'named-pack':
      packs.get(`${message.session}/${message.pack}`)?.(message.found);
      packs.delete(`${message.session}/${message.pack}`);
      return;
    case 'sealed-piece':
      pieces.get(`${message.session}/${message.id}`)?.(message.piece);
      pieces.delete(`${message.session}/${message.id}`);
      return;
    case 'session':
      sessions.set(message.session, sessionContext(message, links));
      return;
    case 'table':
      sessions.get(message.session)?.known.addTable(message.table);
      return;
    case 'end-session':
      return endSession(message.session);
    case 'close':
      process.exit(0);
  }
});
