/** Open streams when somebody else is slow: the catalog that knows the keys, or the client that reads. */
import { EventEmitter } from 'node:events';
import type { House } from '@dr/service';
import { jest } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CatalogClient } from '../catalog-client.ts';
import { OpenStreams } from './open-streams.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

class Socket extends EventEmitter {
  writableNeedDrain = false;
  written: string[] = [];
  ended = false;
  writeHead(): void {}
  write(text: string): boolean {
    this.written.push(text);
    return !this.writableNeedDrain;
  }
  end(): void {
    this.ended = true;
    this.emit('close');
  }
}

const ACTIVE = { keyId: 'key_1', tenant: 'acme', scopes: [], expiresAt: null, revoked: false };

function opened(apiKey: () => Promise<unknown>) {
  const house = { now: () => 0, log: { warn: jest.fn() } } as unknown as House;
  const streams = new OpenStreams(house, { apiKey } as unknown as CatalogClient);
  const socket = new Socket();
  const request = { id: 'r', headers: { authorization: 'ApiKey k' } } as unknown as FastifyRequest;
  streams.begin(request, { raw: socket, hijack: () => undefined } as unknown as FastifyReply);
  return { streams, socket };
}

test('a catalog that does not answer is asked once at a time', async () => {
  const asked = jest.fn(() => new Promise<unknown>(() => undefined));
  const { streams } = opened(asked);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveBeenCalledTimes(1);
  streams.onModuleDestroy();
});

test('one that failed is asked again, and then a revoked key ends its stream', async () => {
  const answers = [() => Promise.reject(new Error('away')), async () => ACTIVE, async () => ({ ...ACTIVE, revoked: true })];
  const { socket } = opened(() => answers.shift()!());
  await jest.advanceTimersByTimeAsync(2_500);
  expect(socket.ended).toBe(false);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(socket.ended).toBe(true);
});

test('a client that reads hears that we are there; one that does not is sent nothing more', async () => {
  const { streams, socket } = opened(async () => ACTIVE);
  await jest.advanceTimersByTimeAsync(31_000);
  expect(socket.written.filter((text) => text === ': still here\n\n')).toHaveLength(2);
  socket.writableNeedDrain = true;
  await jest.advanceTimersByTimeAsync(60_000);
  expect(socket.written.filter((text) => text === ': still here\n\n')).toHaveLength(2);
  streams.onModuleDestroy();
});
