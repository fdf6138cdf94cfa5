import type { ObjectStore } from '@dr/storage';
import { KeyDamaged, KeyForeign, KeysMissing, NoUsableWrap, PassphraseNeeded, WrongPassphrase } from './errors.ts';
import { NotAKeyObject } from './format/key-object.ts';
import { openWrap, readWrapHeader, type WrapHeader } from './format/master-wrap.ts';
import type { Unlock } from './key-ring.ts';
import { type CopiesRead, type KeyFinding, listCopies, missingCopies, readCopies } from './two-copies.ts';

export interface Masters {
  repositoryId: string;
  protection: 'passphrase' | 'unprotected';
  /** Master keys of epochs 1, 2, … */
  keys: Buffer[];
  findings: KeyFinding[];
}

/** A wrap of the newest epoch: its name and what stands in clear in it (undefined when both copies are damaged). */
interface Candidate {
  name: string;
  header: WrapHeader | undefined;
  read: CopiesRead<WrapHeader>;
}

/** Opens the newest master key with any wrap that `unlock` fits. @throws KeysMissing, WrongPassphrase, PassphraseNeeded, KeyDamaged, NoUsableWrap, KeyForeign. */
export async function openMasters(store: ObjectStore, unlock: Unlock, repositoryId?: string): Promise<Masters> {
  const copies = await listCopies(store, 'm/');
  const candidates = await readCandidates(store, newestWraps([...copies.keys()]));
  if (candidates.length === 0) throw new KeysMissing(store.uri);
  const findings = [...missingCopies(copies), ...candidates.flatMap(({ read }) => read.findings.filter(({ kind }) => kind !== 'missing'))];
  const { usable, suspicious } = choose(candidates);
  const opened = await tryAll(store, usable, unlock);
  if (!('keys' in opened)) throw whyNot(store, candidates, opened);
  if (repositoryId !== undefined && opened.repositoryId !== repositoryId) {
    throw new KeyForeign(`keys/${opened.name}`, store.uri, `repository ${opened.repositoryId}, not ${repositoryId}`);
  }
  return { ...opened, findings: unique([...findings, ...suspicious, ...opened.findings]) };
}

/** Names like m/<epoch>-<wrap> of the highest epoch. */
function newestWraps(names: string[]): string[] {
  const byEpoch = Map.groupBy(names, (name) => Number(/^m\/([1-9][0-9]{0,3})-[a-z0-9_-]+$/.exec(name)?.[1] ?? 0));
  const newest = Math.max(0, ...byEpoch.keys());
  return newest === 0 ? [] : byEpoch.get(newest)!;
}

async function readCandidates(store: ObjectStore, names: string[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const name of names) {
    const read = await readCopies(store, name, (bytes) => headerOf(name, bytes));
    if (read.error && !read.value) throw read.error;
    found.push({ name, header: read.value, read });
  }
  return found;
}

/** @throws NotAKeyObject when the object was put under another epoch's name. */
function headerOf(name: string, bytes: Uint8Array): WrapHeader {
  const header = readWrapHeader(bytes);
  if (!name.startsWith(`m/${header.epoch}-`)) throw new NotAKeyObject(`it is of epoch ${header.epoch}`);
  return header;
}

/** An unprotected wrap beside a protected one is not trusted: whoever can write to the store could put his own key there. */
function choose(candidates: Candidate[]): { usable: Candidate[]; suspicious: KeyFinding[] } {
  const isProtected = candidates.some(({ header }) => header && header.protection !== 'unprotected');
  const open = candidates.filter(({ header }) => header?.protection === 'unprotected');
  if (!isProtected) return { usable: open, suspicious: [] };
  const suspicious = open.map(({ name }) => {
    const message = `keys/${name} is unprotected although the repository is protected. It was not used; find out who put it there.`;
    return { object: `keys/${name}`, kind: 'suspicious' as const, message };
  });
  return { usable: candidates.filter(({ header }) => header?.protection === 'passphrase'), suspicious };
}

type Opened = Masters & { name: string };

interface NotOpened {
  reason: 'no passphrase' | 'wrong passphrase' | 'no wrap';
  findings: KeyFinding[];
}

async function tryAll(store: ObjectStore, usable: Candidate[], unlock: Unlock): Promise<Opened | NotOpened> {
  const needed = usable.some(({ header }) => header!.protection === 'passphrase');
  const passphrase = needed ? await unlock.passphrase?.() : undefined;
  const failed: NotOpened = { reason: needed && passphrase === undefined ? 'no passphrase' : 'no wrap', findings: [] };
  if (failed.reason === 'no passphrase') return failed;
  for (const { name, header } of usable) {
    const { value, findings, refused, error } = await readCopies(store, name, (bytes) => openNamed(name, bytes, passphrase));
    if (value)
      return { name, repositoryId: header!.repositoryId, protection: header!.protection as Masters['protection'], keys: value, findings };
    if (error) throw error;
    if (refused) failed.reason = 'wrong passphrase';
    failed.findings.push(...findings);
  }
  return failed;
}

function openNamed(name: string, bytes: Uint8Array, passphrase: string | undefined): Promise<Buffer[] | undefined> {
  headerOf(name, bytes);
  return openWrap(bytes, passphrase);
}

function whyNot(store: ObjectStore, candidates: Candidate[], { reason, findings }: NotOpened): Error {
  if (reason === 'no passphrase') return new PassphraseNeeded(store.uri);
  if (reason === 'wrong passphrase') return new WrongPassphrase(store.uri);
  const damaged = [...candidates.flatMap(({ read }) => read.findings), ...findings];
  const names = candidates.map(({ name }) => name);
  return damaged.length > 0 ? damageError(store, damaged) : new NoUsableWrap(store.uri, names);
}

/** Both copies of a key object do not serve. */
export function damageError(store: ObjectStore, findings: KeyFinding[]): KeyDamaged {
  const objects = [...new Set(findings.map(({ object }) => object))];
  return new KeyDamaged(store.uri, objects, [...new Set(findings.map(({ message }) => message))].join(' '));
}

function unique(findings: KeyFinding[]): KeyFinding[] {
  return [...new Map(findings.map((finding) => [`${finding.object} ${finding.kind}`, finding])).values()];
}
