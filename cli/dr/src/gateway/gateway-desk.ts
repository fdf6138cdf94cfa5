import type { Context } from '../context.ts';
import type { BackupDesk, Level } from '../desk.ts';
import type { Backup, ContentEntry, Verification } from '../resources.ts';
import type { ApiClient } from './api-client.ts';
import { untilEnded } from './wait.ts';

/** Most backups in one answer. */
const PAGE_MAX = 1000;

/** The desk over the REST API. */
export class GatewayDesk implements BackupDesk {
  readonly #api: ApiClient;
  readonly #context: Context;

  constructor(api: ApiClient, context: Context) {
    this.#api = api;
    this.#context = context;
  }

  async list({ tenant, limit }: { tenant?: string; limit: number }): Promise<{ backups: Backup[]; problems: string[] }> {
    const found: Backup[] = [];
    for (let cursor: string | undefined; found.length < limit; ) {
      const query = { limit: Math.min(PAGE_MAX, limit - found.length), tenant_id: tenant, cursor };
      const page = await this.#api.get<{ backups: Backup[]; next_cursor?: string | null }>('/backups', query);
      found.push(...page.backups);
      if (!page.next_cursor || page.backups.length === 0) break;
      cursor = page.next_cursor;
    }
    return { backups: found, problems: [] };
  }

  backup(id: string): Promise<Backup> {
    return this.#api.get<Backup>(`/backups/${encodeURIComponent(id)}`);
  }

  async *contents(id: string, { datasetId, path }: { datasetId?: string; path?: string }): AsyncGenerator<ContentEntry[]> {
    for (let cursor: string | undefined; ; ) {
      const query = { dataset_id: datasetId, path, cursor };
      const page = await this.#api.get<{ files: ContentEntry[]; next_cursor?: string | null }>(
        `/backups/${encodeURIComponent(id)}/contents`,
        query,
      );
      yield page.files;
      if (!page.next_cursor) return;
      cursor = page.next_cursor;
    }
  }

  async verify(id: string, { level, samplePercent }: { level: Level; samplePercent?: number }): Promise<Verification> {
    const body = { level, sample_percent: samplePercent };
    const asked = await this.#api.post<Verification>(`/backups/${encodeURIComponent(id)}/verify`, body);
    const { out, signal, machine } = this.#context;
    const started = machine.now();
    return untilEnded({
      ask: () => this.#api.get<Verification>(`/verifications/${asked.verification_id}`),
      show: ({ status }) => out.progress(`${id}  verifying (${level}): ${status}, ${Math.round((machine.now() - started) / 1000)} s`),
      signal,
      out,
      now: machine.now,
    });
  }

  async close(): Promise<void> {}
}
