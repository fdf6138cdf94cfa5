import { DrError } from '@dr/storage';

/** The passphrase opens none of the repository's wraps. */
export class WrongPassphrase extends DrError {
  readonly code = 'keys.wrong_passphrase';
  constructor(store: string) {
    super(
      `The passphrase does not open the repository at ${store}. Check BACKUP_PASSPHRASE, BACKUP_PASSPHRASE_FILE or --passphrase-file ` +
        '(a trailing newline does not matter, everything else does), and that this is the repository you mean.',
      { details: { store } },
    );
  }
}

/** The repository is protected by a passphrase and none was given. */
export class PassphraseNeeded extends DrError {
  readonly code = 'keys.passphrase_needed';
  constructor(store: string) {
    super(
      `The repository at ${store} is protected by a passphrase, and none was given. ` +
        'Set BACKUP_PASSPHRASE, BACKUP_PASSPHRASE_FILE or BACKUP_PASSPHRASE_COMMAND, or give --passphrase-file.',
      { details: { store } },
    );
  }
}

/** A passphrase that nobody can mean. */
export class BadPassphrase extends DrError {
  readonly code = 'keys.bad_passphrase';
  constructor(why: string) {
    super(`The passphrase cannot be used: ${why}. Give another one.`);
  }
}

/** A key object, in both its copies, is not what was written. */
export class KeyDamaged extends DrError {
  readonly code = 'keys.damaged';
  readonly objects: readonly string[];
  constructor(store: string, objects: readonly string[], why: string) {
    super(
      `${objects.join(' and ')} in ${store} ${objects.length > 1 ? 'are' : 'is'} damaged (${why}). ` +
        'Put back a copy from a replica or from the recovery document; without it nothing that it protects can be read.',
      { details: { store, objects: [...objects] } },
    );
    this.objects = objects;
  }
}

/** No wrap of the master key is there at all. */
export class KeysMissing extends DrError {
  readonly code = 'keys.missing';
  constructor(store: string) {
    super(
      `${store} holds no keys (nothing below keys/m/ and keys2/m/). Either there is no repository there, or its keys were deleted: ` +
        'put them back from a replica or from the recovery document.',
      { details: { store } },
    );
  }
}

/** The keys are there, but in no way of protection that can be opened with what was given. */
export class NoUsableWrap extends DrError {
  readonly code = 'keys.no_usable_wrap';
  constructor(store: string, wraps: readonly string[]) {
    super(
      `No wrap of the master key in ${store} can be opened by this version and configuration (${wraps.join(', ')}). Upgrade, or give access to its key service.`,
      {
        details: { store, wraps: [...wraps] },
      },
    );
  }
}

/** A key object was written by a later version. */
export class KeyFormatTooNew extends DrError {
  readonly code = 'keys.format_too_new';
  constructor(object: string, version: number, known: number) {
    super(`${object} has key format ${version}, and this version reads up to ${known}. Upgrade Tributary DR.`, {
      details: { object, version, known },
    });
  }
}

/** A key object that is whole but belongs to another repository or tenant: objects were mixed. */
export class KeyForeign extends DrError {
  readonly code = 'keys.foreign';
  constructor(object: string, store: string, owner: string) {
    super(
      `${object} in ${store} belongs to ${owner}. Objects of different repositories were mixed: put back the right one from a replica.`,
      {
        details: { object, store },
      },
    );
  }
}

/** A tenant's data key of one epoch cannot be had: erased, lost, or damaged. */
export class KeyMissing extends DrError {
  readonly code = 'keys.tenant_key_missing';
  constructor(tag: string, epoch: number, why: string) {
    super(
      `The data key of tenant ${tag}, epoch ${epoch}, is ${why}, so objects of that epoch cannot be read. ` +
        `If the tenant was not erased on purpose, put keys/t/${tag}/${epoch} back from a replica.`,
      { details: { tag, epoch } },
    );
  }
}

/** A tenant's name must be 1 to 1,024 bytes of UTF-8 without NUL. What else a name may hold is decided where tenants are made. */
export class BadTenantName extends DrError {
  readonly code = 'keys.bad_tenant_name';
  constructor(tenant: string) {
    super(
      `${JSON.stringify(tenant.slice(0, 80))} cannot be the name of a tenant: it must be 1 to 1,024 bytes long and hold no NUL character.`,
    );
  }
}
