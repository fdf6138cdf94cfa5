import type { Context } from '../context.ts';
import type { BackupDesk, Level, ListQuery } from '../desk.ts';
import type { Backup, ContentEntry, DatasetChange, FileChange, Verification } from '../resources.ts';
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

  contents(id: string, { datasetId, path }: { datasetId?: string; path?: string }): AsyncGenerator<ContentEntry[]> {
    return this.#pagesOf(`/backups/${encodeURIComponent(id)}/contents`, { dataset_id: datasetId, path }, 'files');
  }

  changes(before: string, after: string, { datasetId }: { datasetId?: string }): AsyncGenerator<DatasetChange[]> {
    return this.#pagesOf(diffPath(before, after), { dataset_id: datasetId }, 'datasets');
  }

  changedFiles(before: string, after: string, datasetId: string): AsyncGenerator<FileChange[]> {
    return this.#pagesOf(`${diffPath(before, after)}/files`, { dataset_id: datasetId }, 'files');
  }

  async *#pagesOf<T>(path: string, query: Record<string, string | undefined>, field: string): AsyncGenerator<T[]> {
    for (let cursor: string | undefined; ; ) {
      const page = await this.#api.get<Record<string, unknown>>(path, { ...query, cursor });
      yield page[field] as T[];
      if (!page['next_cursor']) return;
      cursor = page['next_cursor'] as string;
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

const diffPath = (before: string, after: string): string => `/backups/${encodeURIComponent(before)}/diff/${encodeURIComponent(after)}`;
