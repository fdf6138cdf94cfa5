import { type Answer, backup, StubGateway } from '../testing/stub-gateway.ts';
import { dr } from '../testing/terminal.ts';

const SNAPSHOT = 'backup_20260131_110000_11111111';
const ID = 'backup_20260131_120000_0a1b2c3d';
let stub: StubGateway;
afterEach(() => stub.stop());

const ok = (body: unknown, status = 200): Answer => ({ status, body });
const ending = async (end: object) => {
  stub = await new StubGateway(({ method }) => (method === 'POST' ? ok(backup('pending'), 202) : ok(end))).start();
  return stub.env;
};

test('asks for what was said, waits, and ends with the id of the new backup', async () => {
  const env = await ending(backup('completed'));
  const ran = await dr(['promote', SNAPSHOT, '--dataset-ids', 'articles,support', '--description', 'kept'], { env });
  expect([ran.code, ran.stdout]).toEqual([0, `Backup created: ${ID}\n`]);
  const { method, path, body } = stub.asked[0]!;
  expect([method, path, body]).toEqual([
    'POST',
    `/api/v1/backups/${SNAPSHOT}/promote`,
    { dataset_ids: ['articles', 'support'], description: 'kept' },
  ]);
});

test('is partial with exit code 3 and says why', async () => {
  const env = await ending(backup('partial', { error_message: 'articles: v4 W1 in a/b: missing' }));
  const ran = await dr(['promote', SNAPSHOT], { env });
  expect([ran.code, ran.stdout]).toEqual([3, `Backup created: ${ID}\n`]);
  expect(ran.stderr).toContain('articles: v4 W1 in a/b: missing');
});

test('fails with exit code 1, says why, and creates nothing', async () => {
  const env = await ending(backup('failed', { error_message: 'Nothing of data set articles is left' }));
  const ran = await dr(['promote', SNAPSHOT], { env });
  expect([ran.code, ran.stdout]).toEqual([1, '']);
  expect(ran.stderr).toContain(`Snapshot ${SNAPSHOT} was not promoted: Nothing of data set articles is left`);
});

test('with --no-wait it asks once', async () => {
  const env = await ending(backup('completed'));
  expect(await dr(['promote', SNAPSHOT, '--no-wait'], { env })).toMatchObject({ code: 0, stdout: `Backup created: ${ID}\n` });
  expect(stub.asked).toHaveLength(1);
});
