import { headers } from '@nats-io/transport-node';
import type { Bus } from './bus.ts';
import { withTrace } from './cloud-events.ts';
import { type ConsumeOptions, consumeJobs, type JobMessage } from './consume-jobs.ts';
import { BadMessage } from './errors.ts';
import { durableOf } from './job-kinds.ts';
import { publishStored } from './publish-events.ts';
import { isToken, subjectOf } from './subjects.ts';
import { JOBS } from './topology.ts';
import type { TriggerHandler, Triggers } from './triggers.ts';

type Tuning = Pick<ConsumeOptions, 'deliveriesMax' | 'retryDelayMs' | 'prolongMs' | 'pullMs'>;

/** Triggers over DR_JOBS. No `Nats-Msg-Id`: a job whose lease ran out is triggered again, and that must not count as a repeat. */
export const natsTriggers = (bus: Bus, tuning: Tuning = {}): Triggers => ({
  publishTrigger: (kind, jobId) =>
    publishStored(bus, subjectOf.job(token(kind)), JSON.stringify({ jobId }), {
      headers: withTrace(headers()),
      expect: { streamName: JOBS },
    }),
  onTrigger: (kind, handler, { slots = 1 } = {}) =>
    consumeJobs(bus, { ...tuning, durable: durableOf(token(kind)), kind, slots, handler: (message) => trigger(message, handler) }),
});

async function trigger(message: JobMessage, handler: TriggerHandler): Promise<void> {
  const outcome = await handler(jobIdOf(message));
  await message.ack();
  await Promise.allSettled([untilOf(outcome)]);
}

const untilOf = (outcome: unknown): unknown =>
  typeof outcome === 'object' && outcome !== null && 'until' in outcome ? outcome.until : undefined;

function jobIdOf({ data, subject }: JobMessage): string {
  try {
    const { jobId } = JSON.parse(Buffer.from(data).toString()) as { jobId?: unknown };
    if (typeof jobId === 'string') return jobId;
  } catch {
    // told below
  }
  throw new BadMessage(`A trigger on ${subject} without a jobId is none of ours.`);
}

function token(kind: string): string {
  if (isToken(kind)) return kind;
  throw new BadMessage(`'${kind}' cannot be a kind of job: only letters, digits, '_' and '-' may stand in a subject.`);
}
