import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { freshDir } from '../../../../test/support/servers.ts';
import { compareFolders } from './compare-folders.ts';
import { GatewayClient } from './gateway-client.ts';
import { runDemo } from './run-demo.ts';
import { demoDatasets, isUnused, makeSample } from './sample.ts';
import { untar } from './untar.ts';

const fixtures = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'fixtures');
const key = 'dr_test';

test('the sample is a v4 and a v3 data set below tenant demo; made once', () => {
  const root = freshDir('source');
  expect(isUnused(root) && isUnused(join(root, 'absent'))).toBe(true);
  makeSample(fixtures, root);
  expect(demoDatasets.map((id) => existsSync(join(root, 'demo', id)))).toEqual([true, true]);
  expect(existsSync(join(root, 'demo/articles-v4/_deeplake_log/_meta/next_base'))).toBe(true);
  expect(readFileSync(join(root, 'demo/vectors-v3/metadata/tensor_meta.json'), 'utf8')).toContain('{');
  expect(existsSync(join(root, '.dr-sample'))).toBe(false);
  expect(isUnused(root)).toBe(false);
  const before = statSync(join(root, 'demo')).ctimeMs;
  makeSample(fixtures, root);
  expect(statSync(join(root, 'demo')).ctimeMs).toBe(before);
});

test('an archive with something else than files and folders is refused', () => {
  const header = Buffer.alloc(512);
  header.write('a/link', 0);
  header.write('2', 156);
  const archive = join(freshDir('tar'), 'x.tar.gz');
  writeFileSync(archive, gzipSync(header));
  expect(() => untar(archive, 'a', freshDir('out'))).toThrow(/a\/link of type 2/);
});

test('folders are compared byte for byte, both ways', () => {
  const [left, right] = [freshDir('left'), freshDir('right')];
  makeSample(fixtures, left);
  cpSync(left, right, { recursive: true });
  const all = () => true;
  expect(compareFolders(left, right, all).different).toEqual([]);
  expect(compareFolders(left, right, all).same).toBeGreaterThan(90);
  writeFileSync(join(right, 'demo/new'), '');
  rmSync(join(right, 'demo/vectors-v3/metadata/tensor_meta.json'));
  writeFileSync(join(right, 'demo/articles-v4/_deeplake_log/_meta/next_base'), 'x');
  expect(compareFolders(left, right, all).different.sort()).toEqual([
    'demo/articles-v4/_deeplake_log/_meta/next_base',
    'demo/new',
    'demo/vectors-v3/metadata/tensor_meta.json',
  ]);
  expect(compareFolders(left, right, (p) => !p.endsWith('next_base')).different).toHaveLength(2);
});

/** A gateway that answers as CONTRACT section 2 says; a restore copies the folders. */
class FakeGateway implements AsyncDisposable {
  readonly calls: string[] = [];
  refuseFirst = 0;
  backupStatus = 'completed';
  spoil = false;
  private readonly sourceRoot: string;
  private readonly server: Server;

  constructor(sourceRoot: string) {
    this.sourceRoot = sourceRoot;
    this.server = createServer((request, answer) => {
      let text = '';
      request.on('data', (bytes) => (text += String(bytes)));
      request.on('end', () => {
        const [status, body] = this.answer(`${request.method} ${request.url}`, request.headers.authorization, text ? JSON.parse(text) : {});
        answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private answer(call: string, authorization: string | undefined, body: { dataset_mapping?: Record<string, string> }): [number, object] {
    this.calls.push(call);
    if (authorization !== `ApiKey ${key}` || this.refuseFirst-- > 0) return [401, { title: 'Unauthorized', detail: 'Who are you?' }];
    if (call === 'POST /api/v1/backups') return [202, { backup_id: 'backup_1', status: 'pending' }];
    if (call === 'POST /api/v1/backups/backup_1/verify') return [202, { verification_id: 'v1', status: 'pending' }];
    if (call === 'POST /api/v1/backups/backup_1/restore') return this.restore(body.dataset_mapping!);
    if (call === 'GET /api/v1/backups/backup_1') return [200, this.backup()];
    return [200, { status: this.calls.filter((c) => c === call).length < 2 ? 'running' : 'completed' }];
  }

  private backup(): object {
    const datasets = demoDatasets.map((dataset_id) => ({ dataset_id, format: 'v4', objects: 7 }));
    return { backup_id: 'backup_1', status: this.backupStatus, size_bytes: 2048, datasets, error_message: 'disk full' };
  }

  private restore(mapping: Record<string, string>): [number, object] {
    for (const [from, to] of Object.entries(mapping))
      cpSync(join(this.sourceRoot, 'demo', from), join(this.sourceRoot, 'demo', to), { recursive: true });
    if (this.spoil) writeFileSync(join(this.sourceRoot, 'demo', Object.values(mapping)[0]!, '_deeplake_log/_meta/next_base'), 'x');
    return [202, { restore_id: 'r1', status: 'pending' }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function demo(gateway: FakeGateway, sourceRoot: string): Promise<string[]> {
  const lines: string[] = [];
  const client = new GatewayClient(await gateway.listen(), key, new AbortController().signal);
  await client.untilAccepted();
  await runDemo({ gateway: client, sourceRoot, takesPart: () => true, say: (line) => void lines.push(line), now: () => 0 });
  return lines;
}

function sourceRoot(): string {
  const root = freshDir('source');
  makeSample(fixtures, root);
  return root;
}

test('the demo backs up, verifies, restores beside the original, compares, and says so in four lines', async () => {
  const root = sourceRoot();
  await using gateway = new FakeGateway(root);
  gateway.refuseFirst = 2; // the key may need a moment
  const lines = await demo(gateway, root);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['backed', 'verified', 'restored', 'compared']);
  expect(lines[0]).toContain('articles-v4 (v4) and vectors-v3 (v4): 14 files, 2 KB');
  expect(lines[3]).toMatch(/10[0-9] files, .* the same, byte for byte/);
});

test('a second demo finds other names for what it restores', async () => {
  const root = sourceRoot();
  cpSync(join(root, 'demo/vectors-v3'), join(root, 'demo/vectors-v3-restored'), { recursive: true });
  await using gateway = new FakeGateway(root);
  expect((await demo(gateway, root))[2]).toContain('articles-v4-restored-2 and vectors-v3-restored-2');
});

test('a byte that differs, and a backup that is not complete, end the demo with what went wrong', async () => {
  const root = sourceRoot();
  await using spoiling = new FakeGateway(root);
  spoiling.spoil = true;
  await expect(demo(spoiling, root)).rejects.toThrow(/differs from the original: _deeplake_log\/_meta\/next_base/);
  await using partial = new FakeGateway(root);
  partial.backupStatus = 'partial';
  await expect(demo(partial, root)).rejects.toThrow(/backup of the sample ended as partial. disk full/);
});

test('an answer that is an error is told with its status and detail', async () => {
  await using gateway = new FakeGateway(freshDir('source'));
  const client = new GatewayClient(await gateway.listen(), 'wrong', new AbortController().signal);
  await expect(client.call('GET', '/api/v1/backups')).rejects.toThrow(
    'GET /api/v1/backups was answered with 401 Unauthorized. Who are you?',
  );
  await expect(client.untilAccepted(200)).rejects.toThrow(/did not accept the key .*401/);
});
