import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type House, serviceSeconds } from './service.ts';

let work: string;
let sources: string[];
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'dr-bench-service-'));
  sources = ['data', 'data1'].map((name) => {
    for (const tenant of ['acme', 'globex']) mkdirSync(join(work, name, tenant, 'set'), { recursive: true });
    writeFileSync(join(work, name, 'acme/set/file'), name);
    return join(work, name);
  });
});
afterEach(() => rmSync(work, { recursive: true }));

/** A house that notes what it is asked and what its source holds then. */
function notingHouse(status = (path: string): string => (path.endsWith('/verify') ? 'passed' : 'completed')) {
  const asked: string[] = [];
  const source = join(work, 'source');
  mkdirSync(source);
  let backups = 0;
  const house: House = {
    home: work,
    source,
    run: async (path, body) => {
      asked.push(`${readFileSync(join(source, 'acme/set/file'), 'utf8')} ${path} ${JSON.stringify(body)}`);
      return { status: status(path), backup_id: `backup_${++backups}` };
    },
    stop: async () => {},
  };
  return { house, asked };
}

test('every step is one request per tenant, on the source as it is then; restore and verify take the last backups', async () => {
  const { house, asked } = notingHouse();
  const said: string[] = [];
  const seconds = await serviceSeconds({ house, sources, say: (line) => said.push(line), restMs: 0 });
  expect(Object.keys(seconds)).toEqual(['first', 'unchanged', 'change 1', 'restore', 'verify']);
  expect(said).toHaveLength(5);
  expect(asked).toEqual([
    'data /api/v1/backups {"tenant_id":"acme","type":"full"}',
    'data /api/v1/backups {"tenant_id":"globex","type":"full"}',
    'data /api/v1/backups {"tenant_id":"acme","type":"incremental"}',
    'data /api/v1/backups {"tenant_id":"globex","type":"incremental"}',
    'data1 /api/v1/backups {"tenant_id":"acme","type":"incremental"}',
    'data1 /api/v1/backups {"tenant_id":"globex","type":"incremental"}',
    'data1 /api/v1/backups/backup_5/restore {"overwrite_existing":true}',
    'data1 /api/v1/backups/backup_6/restore {"overwrite_existing":true}',
    'data1 /api/v1/backups/backup_5/verify {"level":"full"}',
    'data1 /api/v1/backups/backup_6/verify {"level":"full"}',
  ]);
  expect(readdirSync(house.source).sort()).toEqual(['acme', 'globex']);
});

test('an operation that ends badly is told of, not timed', async () => {
  const { house } = notingHouse((path) => (path.endsWith('/restore') ? 'failed' : 'completed'));
  await expect(serviceSeconds({ house, sources, say: () => {}, restMs: 0 })).rejects.toThrow(/restore for acme ended as failed/);
});
