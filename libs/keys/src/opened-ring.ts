import type { ObjectStore } from '@dr/storage';
import { checkKeys } from './check-keys.ts';
import { deriveKey, macOf, tagOf } from './derive.ts';
import { BadTenantName, type KeyDamaged, KeyMissing } from './errors.ts';
import { TENANT_NAME_BYTES_MAX } from './format/tenant-wrap.ts';
import type { KeyRing, TenantKeys } from './key-ring.ts';
import { damageError, type Masters } from './open-masters.ts';
import { completeCopies, createTenant, readTenant, type TenantEpoch, type TenantWrapContext } from './tenant-wraps.ts';
import { type KeyFinding, listCopies } from './two-copies.ts';

/** The ring over opened master keys. The name and MAC keys come from the first master key for ever, so that tags never change. */
export class OpenedRing implements KeyRing {
  readonly repositoryId: string;
  readonly protection: KeyRing['protection'];
  readonly epoch: number;
  readonly systemKey: Uint8Array;
  readonly #store: ObjectStore;
  readonly #masters: readonly Buffer[];
  readonly #nameKey: Buffer;
  readonly #macKey: Buffer;
  readonly #findings = new Map<string, KeyFinding>();
  readonly #context: TenantWrapContext;

  constructor(store: ObjectStore, masters: Masters, random: (bytes: number) => Uint8Array) {
    this.repositoryId = masters.repositoryId;
    this.protection = masters.protection;
    this.epoch = masters.keys.length;
    this.#store = store;
    this.#masters = masters.keys;
    this.#nameKey = deriveKey(masters.keys[0]!, this.repositoryId, 'dr1/name');
    this.#macKey = deriveKey(masters.keys[0]!, this.repositoryId, 'dr1/mac');
    this.systemKey = this.systemKeyOf(this.epoch);
    this.#remember(masters.findings);
    const wrapKeys = masters.keys.map((key) => deriveKey(key, this.repositoryId, 'dr1/wrap-tenant'));
    this.#context = { store, repositoryId: this.repositoryId, wrapKey: (epoch) => wrapKeys[epoch - 1], masterEpoch: this.epoch, random };
  }

  get findings(): readonly KeyFinding[] {
    return [...this.#findings.values()];
  }

  tenantTag(tenant: string): string {
    return tagOf(this.#nameKey, tenant);
  }

  mac(label: string, bytes: Uint8Array): Uint8Array {
    return macOf(this.#macKey, label, bytes);
  }

  systemKeyOf(epoch: number): Uint8Array {
    const master = this.#masters[epoch - 1];
    if (!master) throw new KeyMissing('(system)', epoch, 'not among the master keys');
    return deriveKey(master, this.repositoryId, 'dr1/system');
  }

  async tenantKeys(tenant: string, { create = false }: { create?: boolean } = {}): Promise<TenantKeys | undefined> {
    checkName(tenant);
    const tag = this.tenantTag(tenant);
    let epochs = await readTenant(this.#context, tag);
    if (epochs.length === 0 && create) {
      await createTenant(this.#context, tag, tenant);
      epochs = await readTenant(this.#context, tag);
    }
    if (epochs.length === 0) return undefined;
    this.#remember(epochs.flatMap(({ findings }) => findings));
    if (create) for (const epoch of epochs) await completeCopies(this.#context, tag, epoch);
    return this.#keysOf(tenant, tag, epochs);
  }

  #keysOf(tenant: string, tag: string, epochs: readonly TenantEpoch[]): TenantKeys {
    const newest = epochs.at(-1)!;
    if (!newest.value) throw newest.error ?? damageError(this.#store, newest.findings);
    const { idKey } = newest.value;
    const dataKey = (epoch: number): Uint8Array => {
      const found = epochs.find((candidate) => candidate.epoch === epoch);
      if (!found?.value) throw new KeyMissing(tag, epoch, found ? 'damaged in both copies' : 'not there');
      return found.value.dataKey;
    };
    return { tenant, tag, epoch: newest.epoch, idKey, nameKey: deriveKey(idKey, this.repositoryId, 'dr1/path'), dataKey };
  }

  async tenants({ onDamaged }: { onDamaged?: (error: KeyDamaged) => void } = {}): Promise<{ name: string; tag: string }[]> {
    const tags = new Set([...(await listCopies(this.#store, 't/')).keys()].map((name) => name.split('/')[1]!));
    const found = await Promise.all([...tags].map((tag) => this.#nameOf(tag, onDamaged)));
    return found.filter((tenant) => tenant !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #nameOf(tag: string, onDamaged?: (error: KeyDamaged) => void): Promise<{ name: string; tag: string } | undefined> {
    const epochs = await readTenant(this.#context, tag);
    const findings = epochs.flatMap((epoch) => epoch.findings);
    this.#remember(findings);
    const name = epochs.findLast(({ value }) => value)?.value?.name;
    if (name === undefined) onDamaged?.(damageError(this.#store, findings));
    return name === undefined ? undefined : { name, tag };
  }

  check({ tag }: { tag?: string } = {}): Promise<KeyFinding[]> {
    return checkKeys(this.#context, tag);
  }

  #remember(findings: readonly KeyFinding[]): void {
    for (const finding of findings) this.#findings.set(`${finding.object} ${finding.kind}`, finding);
  }
}

function checkName(tenant: string): void {
  const bytes = Buffer.byteLength(tenant);
  if (bytes === 0 || bytes > TENANT_NAME_BYTES_MAX || tenant.includes('\0')) throw new BadTenantName(tenant);
}
