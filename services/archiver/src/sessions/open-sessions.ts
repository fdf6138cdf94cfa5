import type { BackupType } from '@dr/domain';
import type { BackupSession, TenantRepository } from '@dr/repository';
import type { RepositoryAccess } from '@dr/service';

export interface SessionKey {
  tenant: string;
  backupId: string;
  type: BackupType;
}

/** A session in use, with the tenant's part of the repository. */
export interface SessionInUse {
  session: BackupSession;
  tenant: TenantRepository;
}

interface Held {
  users: number;
  opening: Promise<SessionInUse>;
}

/**
 * The sessions that this process works in, one per backup: captures of one backup share it, and with it the index and the packs being
 * filled. A session is closed when its last user is done; one that a failed put has broken is not given to the next user.
 */
export class OpenSessions {
  private readonly repository: RepositoryAccess;
  private readonly held = new Map<string, Held>();

  constructor(repository: RepositoryAccess) {
    this.repository = repository;
  }

  /** @throws what opening the repository or the session throws, such as BackupDecided; what `work` throws. */
  async use<T>(key: SessionKey, work: (inUse: SessionInUse) => Promise<T>): Promise<T> {
    const held = this.take(key);
    try {
      return await work(await held.opening);
    } catch (error) {
      if (this.held.get(key.backupId) === held) this.held.delete(key.backupId);
      throw error;
    } finally {
      await this.leave(key, held);
    }
  }

  private take(key: SessionKey): Held {
    const held = this.held.get(key.backupId) ?? { users: 0, opening: this.open(key) };
    held.users += 1;
    this.held.set(key.backupId, held);
    return held;
  }

  private async open({ tenant: name, backupId, type }: SessionKey): Promise<SessionInUse> {
    const repository = await this.repository.open();
    const tenant = await repository.tenant(name, { create: true });
    return { tenant, session: await tenant.session(backupId, { type }) };
  }

  private async leave({ backupId }: SessionKey, held: Held): Promise<void> {
    held.users -= 1;
    if (held.users > 0) return;
    if (this.held.get(backupId) === held) this.held.delete(backupId);
    const inUse = await held.opening.catch(() => undefined);
    await inUse?.session.close();
  }
}
