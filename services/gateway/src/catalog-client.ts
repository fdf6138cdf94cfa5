import type { StoredKey } from '@dr/auth';
import type { LeftOut } from '@dr/domain';
import { query, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Injectable } from '@nestjs/common';

/** One tenant's things, or everybody's. */
export type TenantScope = { tenant: string } | { allTenants: true };

export const scopeOf = (tenant: string): TenantScope => (tenant === '*' ? { allTenants: true } : { tenant });

/** What of a Backup the gateway itself looks at; the rest is passed on as the catalog made it. */
export interface BackupView {
  backup_id: string;
  timestamp: string;
  type: string;
  tenant_id: string;
  status: string;
  cancel_requested_at?: string | null;
  holds: object[];
  left_out?: LeftOut | null;
  metadata?: { promoted_from?: string } | null;
  datasets: { dataset_id: string; format: 'v3' | 'v4' | 'opaque'; status: string; root?: string; error_message?: string | null }[];
}

/** A data set that a backup holds whole, and other backups that seem to hold it whole and verified. */
export interface OtherCopies {
  dataset_id: string;
  others: string[];
}

/** What of an API key the gateway itself looks at. */
export interface ApiKeyView {
  key_id: string;
  tenant_id: string;
  scopes: readonly string[];
  status: string;
  revoked_at: string | null;
}

export interface ApiKeyPage {
  api_keys: ApiKeyView[];
  next_cursor: string | null;
}

/** The catalog's views, asked over the bus. */
@Injectable()
export class CatalogClient {
  constructor(@InjectHouse() private readonly house: House) {}

  listBackups(body: object): Promise<{ backups: object[]; next_cursor: string | null }> {
    return this.ask('backups.list', body);
  }

  async backup(id: string, scope: TenantScope): Promise<BackupView | undefined> {
    return (await this.ask<BackupView | null>('backups.get', { id, scope })) ?? undefined;
  }

  otherCopies(id: string): Promise<OtherCopies[]> {
    return this.ask('backups.other-copies', { id });
  }

  async restore(id: string, scope: TenantScope): Promise<object | undefined> {
    return (await this.ask<object | null>('restores.get', { id, scope })) ?? undefined;
  }

  backupStats(scope: TenantScope): Promise<{ total_backups: number }> {
    return this.ask('backups.stats', { scope });
  }

  listRestores(body: object): Promise<{ restores: object[]; next_cursor: string | null }> {
    return this.ask('restores.list', body);
  }

  async verification(id: string, scope: TenantScope): Promise<object | undefined> {
    return (await this.ask<object | null>('verifications.get', { id, scope })) ?? undefined;
  }

  async knownApiKey(id: string, tenant: string): Promise<ApiKeyView | undefined> {
    return (await this.ask<ApiKeyView | null>('api-keys.known', { id, tenant })) ?? undefined;
  }

  listApiKeys(body: { tenant: string; limit: number; cursor: string | undefined }): Promise<ApiKeyPage> {
    return this.ask('api-keys.list', body);
  }

  async apiKey(hash: string): Promise<StoredKey | undefined> {
    return (await this.ask<StoredKey | null>('api-keys.get', { hash })) ?? undefined;
  }

  private ask<Answer>(name: string, body: object): Promise<Answer> {
    return query<Answer>(this.house.bus, subjectOf.query('catalog', name), body);
  }
}
