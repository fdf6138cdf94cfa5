import type { Context } from '../context.ts';
import type { BackupDesk, Level, ListQuery } from '../desk.ts';
import type { Backup, ContentEntry, Verification } from '../resources.ts';
import type { ApiClient } from './api-client.ts';
import { postSurely } from './ask-surely.ts';
import { everyPage } from './pages.ts';
import { untilEnded } from './wait.ts';

/** The desk over the REST API. */
export class GatewayDesk implements BackupDesk {
  readonly #api: ApiClient;
  readonly #context: Context;

  constructor(api: ApiClient, context: Context) {
    this.#api = api;
    this.#context = context;
  }

  async list({ tenant, datasetId, limit, ...rest }: ListQuery): Promise<{ backups: Backup[]; problems: string[] }> {
    const query = { tenant_id: tenant, dataset_id: datasetId, ...rest };
    return { backups: await everyPage<Backup>(this.#api, '/backups', 'backups', query, { limit }), problems: [] };
  }

  backup(id: string): Promise<Backup> {
    return this.#api.get<Backup>(`/backups/${encodeURIComponent(id)}`);
  }

  async *contents(
    id: string,
    { datasetId, systemState, path }: { datasetId?: string; systemState?: string; path?: string },
  ): AsyncGenerator<ContentEntry[]> {
    for (let cursor: string | undefined; ; ) {
      const query = { dataset_id: datasetId, system_state: systemState, path, cursor };
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
    const path = `/backups/${encodeURIComponent(id)}/verify`;
    const asked = await postSurely<Verification>({ path, body, what: 'the verification' }, this.#context);
    const { out, signal, machine } = this.#context;
    const started = machine.now();
    const verificationId = asked.verification_id ?? '';
    return untilEnded({
      id: verificationId,
      ask: () => this.#api.get<Verification>(`/verifications/${encodeURIComponent(verificationId)}`),
      show: ({ status }) => out.progress(`${id}  verifying (${level}): ${status}, ${Math.round((machine.now() - started) / 1000)} s`),
      signal,
      out,
      now: machine.now,
    });
  }

  async close(): Promise<void> {}
}
