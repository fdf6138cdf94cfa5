import type { RepositoryAccess } from '@dr/service';
import { OpenSessions, type SessionInUse } from './open-sessions.ts';

interface Opened {
  backupId: string;
  closed: number;
}

/** A repository whose sessions only say how often they were opened and closed. */
function sessionsOf({ failOpen = () => undefined as Error | undefined } = {}) {
  const opened: Opened[] = [];
  const session = async (backupId: string) => {
    const error = failOpen();
    if (error) throw error;
    const made: Opened = { backupId, closed: 0 };
    opened.push(made);
    return { backupId, close: async () => void made.closed++ };
  };
  const asked: string[] = [];
  const tenant = async (name: string) => {
    asked.push(name);
    return { session };
  };
  const sessions = new OpenSessions({ open: async () => ({ tenant }) } as unknown as RepositoryAccess);
  return { sessions, opened, asked };
}

const key = (backupId = 'b1') => ({ tenant: 'acme', backupId, type: 'full' }) as const;
/** Work that goes on until it is told how to end. */
function working() {
  const end = Promise.withResolvers<void>();
  const seen: SessionInUse[] = [];
  const work = (inUse: SessionInUse): Promise<void> => {
    seen.push(inUse);
    return end.promise;
  };
  return { end, seen, work };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('users of one backup share its session, and the last one closes it', async () => {
  const { sessions, opened } = sessionsOf();
  const [first, second] = [working(), working()];
  const uses = [sessions.use(key(), first.work), sessions.use(key(), second.work)];
  await settled();
  expect(second.seen[0]!.session).toBe(first.seen[0]!.session);
  first.end.resolve();
  await uses[0];
  expect(opened).toEqual([{ backupId: 'b1', closed: 0 }]);
  second.end.resolve();
  await uses[1];
  expect(opened).toEqual([{ backupId: 'b1', closed: 1 }]);
});

test('the next user after the last one gets a new session', async () => {
  const { sessions, opened } = sessionsOf();
  expect(await sessions.use(key(), async () => 'done')).toBe('done');
  await sessions.use(key(), async () => undefined);
  expect(opened.map(({ closed }) => closed)).toEqual([1, 1]);
});

test('different backups have different sessions, each in its own tenant', async () => {
  const { sessions, opened, asked } = sessionsOf();
  await Promise.all([
    sessions.use(key('b1'), async () => undefined),
    sessions.use({ ...key('b2'), tenant: 'globex' }, async () => undefined),
  ]);
  expect(opened.map(({ backupId }) => backupId).sort()).toEqual(['b1', 'b2']);
  expect(asked.sort()).toEqual(['acme', 'globex']);
});

test('a session in which work failed is not given to the next user, while who has it still may finish', async () => {
  const { sessions, opened } = sessionsOf();
  const [failing, other, next] = [working(), working(), working()];
  const [failed, going] = [sessions.use(key(), failing.work), sessions.use(key(), other.work)];
  await settled();
  failing.end.reject(new Error('the store is away'));
  await expect(failed).rejects.toThrow('the store is away');
  const later = sessions.use(key(), next.work);
  await settled();
  expect(opened).toEqual([
    { backupId: 'b1', closed: 0 },
    { backupId: 'b1', closed: 0 },
  ]);
  other.end.resolve();
  await going;
  expect(opened.map(({ closed }) => closed)).toEqual([1, 0]);
  next.end.resolve();
  await later;
  expect(opened.map(({ closed }) => closed)).toEqual([1, 1]);
});

test('an opening that fails is told to everybody who waited for it, and tried again by the next one', async () => {
  const errors = [new Error('decided')];
  const { sessions, opened } = sessionsOf({ failOpen: () => errors.shift() });
  const uses = await Promise.allSettled([1, 2].map(() => sessions.use(key(), async () => undefined)));
  expect(uses.map((use) => use.status)).toEqual(['rejected', 'rejected']);
  expect(opened).toEqual([]);
  await sessions.use(key(), async () => undefined);
  expect(opened).toEqual([{ backupId: 'b1', closed: 1 }]);
});
