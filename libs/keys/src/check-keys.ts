import { KeyForeign } from './errors.ts';
import { NotAKeyObject } from './format/key-object.ts';
import { readWrapHeader } from './format/master-wrap.ts';
import { openTenantObject, type TenantWrapContext } from './tenant-wraps.ts';
import { findingOf, KEY_FOLDERS, type KeyFinding, listCopies, missingCopies } from './two-copies.ts';

/**
 * Reads both copies of every key object and opens what it can: tenant keys wholly, master wraps up to what their checksum proves.
 * @param tag leaves out the keys of all other tenants
 */
export async function checkKeys(context: TenantWrapContext, tag?: string): Promise<KeyFinding[]> {
  const all = await listCopies(context.store, '');
  const copies = new Map([...all].filter(([name]) => tag === undefined || !name.startsWith('t/') || name.startsWith(`t/${tag}/`)));
  const findings = missingCopies(copies);
  for (const name of copies.keys()) {
    const both = await Promise.all(KEY_FOLDERS.map((folder) => checkCopy(context, folder, name)));
    findings.push(...both.flatMap(({ finding }) => (finding && finding.kind !== 'missing' ? [finding] : [])));
    const [first, second] = both.map(({ bytes }) => bytes);
    if (first && second && Buffer.compare(first, second) !== 0) findings.push(unequal(name));
  }
  return findings;
}

async function checkCopy(context: TenantWrapContext, folder: string, name: string): Promise<{ bytes?: Uint8Array; finding?: KeyFinding }> {
  const object = `${folder}/${name}`;
  try {
    const bytes = await context.store.read(object);
    checkObject(context, name, bytes);
    return { bytes };
  } catch (cause) {
    if (cause instanceof KeyForeign) return { finding: { object, kind: 'suspicious', message: cause.message } };
    return { finding: findingOf(object, cause) };
  }
}

function checkObject(context: TenantWrapContext, name: string, bytes: Uint8Array): void {
  const [folder, tag, epoch] = name.split('/');
  if (folder === 't' && tag && epoch) {
    openTenantObject(context, tag, Number(epoch), bytes);
  } else {
    const header = readWrapHeader(bytes);
    if (header.repositoryId !== context.repositoryId) throw new NotAKeyObject(`it belongs to repository ${header.repositoryId}`);
  }
}

function unequal(name: string): KeyFinding {
  const objects = KEY_FOLDERS.map((folder) => `${folder}/${name}`).join(' and ');
  return { object: `${KEY_FOLDERS[1]}/${name}`, kind: 'damaged', message: `${objects} are both whole but differ; the first one is used.` };
}
