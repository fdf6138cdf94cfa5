import { type Answer, type Asked, StubGateway } from './stub-gateway.ts';

const started: StubGateway[] = [];

/** A stub gateway that `stopGateways` ends. */
export async function gateway(answer: (asked: Asked, turn: number) => Answer): Promise<StubGateway> {
  const stub = await new StubGateway(answer).start();
  started.push(stub);
  return stub;
}

export async function stopGateways(): Promise<void> {
  for (const stub of started.splice(0)) await stub.stop();
}

export const ok = (body: unknown, status = 200): Answer => ({ status, body });
