import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openDatabase } from '@dr/event-store';
import { NODE_FLAGS } from '../../../deploy/local/src/services.ts';
import { fillCatalog } from './fill-catalog.ts';
import { askGateway, type ListFigure, measureLists } from './list.ts';

/** What this needs of a running house (test/e2e/support). */
export interface FilledHouse {
  readonly home: string;
  /** A URL of the house's database, as its services have it. */
  readonly databaseUrl: string;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
}

export interface ListsAtSize {
  readonly backups: number;
  /** The catalog's query alone. */
  readonly catalog: readonly ListFigure[];
  /** The same through HTTP, gateway and bus. */
  readonly http: readonly ListFigure[];
}

/** Lists with more and more backups in the catalog of a running house. */
export async function measureHouseLists(house: FilledHouse, sizes: readonly number[], times: number): Promise<ListsAtSize[]> {
  const owner = await openDatabase({ url: ownerUrl(house), applicationName: 'bench-owner', poolMax: 1, statementMs: 3_600_000 });
  try {
    const all: ListsAtSize[] = [];
    for (const [i, backups] of sizes.entries()) {
      await fillCatalog(owner, backups, sizes[i - 1] ?? 0);
      all.push(await atSize(house, backups, times));
    }
    return all;
  } finally {
    await owner.destroy();
  }
}

async function atSize(house: FilledHouse, backups: number, times: number): Promise<ListsAtSize> {
  const catalog = await measureCatalog(house.databaseUrl, times);
  return { backups, catalog, http: await measureLists(askGateway(house), times) };
}

/** With the flags of a service: its young generation is small, and pages of documents are collected while they are made. */
async function measureCatalog(databaseUrl: string, times: number): Promise<ListFigure[]> {
  const program = fileURLToPath(new URL('./list-program.ts', import.meta.url));
  const flags = [...NODE_FLAGS, '--disable-warning=ExperimentalWarning'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program, databaseUrl, String(times)], {
    maxBuffer: 1 << 24,
  });
  return JSON.parse(stdout) as ListFigure[];
}

/** Only the owner may fill tables by the million; its password lies in the house's home. */
function ownerUrl({ home, databaseUrl }: FilledHouse): string {
  const url = new URL(databaseUrl);
  url.username = 'dr_owner';
  url.password = readFileSync(join(home, 'secrets', 'postgres-owner'), 'utf8').trim();
  return url.href;
}
