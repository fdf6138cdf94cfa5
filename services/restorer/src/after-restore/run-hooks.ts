import { systemEnvironment } from '@dr/config';
import { type HookRun, type RestoreCommand, restoreDecider, streamOf } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import type { AfterCommit, ClaimedJob, EndJob, Job, JobContext, OnDead } from '@dr/jobs';
import { commandMeta, type House, InjectHouse, nudgeSequencer, runHook, startWorker, type Traced } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { freeTargets } from '../plan-restore/targets.ts';
import { aboutOf, factsOf } from './hook-facts.ts';

export interface HooksPayload extends Traced {
  restoreId: string;
}

/** A hook may take long, within its own time limit, without a sign of life. */
const STILL_THERE_MS = 30_000;

/** Runs the hooks of a restore, one after the other, and ends it. A worker that dies is followed by another one that runs them all again. */
@Injectable()
export class RunHooks implements OnApplicationBootstrap, OnApplicationShutdown {
  private stop: (() => Promise<void>) | undefined;

  constructor(@InjectHouse() private readonly house: House) {}

  async onApplicationBootstrap(): Promise<void> {
    this.stop = await startWorker<HooksPayload>(this.house, {
      kind: 'restore-hooks',
      slots: 2,
      run: (job, context) => this.run(job, context),
      onDead: this.onDead,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stop?.();
  }

  private async run(job: ClaimedJob<HooksPayload>, context: JobContext): Promise<EndJob> {
    const { state } = await this.house.store.load(streamOf.restore(job.payload.restoreId), restoreDecider);
    const hooks: HookRun[] = [];
    if (state.status !== 'absent') {
      const beat = setInterval(() => context.progress(), STILL_THERE_MS);
      const facts = factsOf(state);
      const surroundings = { facts, about: aboutOf(facts), env: systemEnvironment(), signal: context.signal };
      try {
        for (const hook of this.house.config.backup.hooks.afterRestore) hooks.push(await runHook(hook, surroundings));
      } finally {
        clearInterval(beat);
      }
    }
    return (tx) => this.end(tx, job, hooks);
  }

  private readonly onDead: OnDead<HooksPayload> = async (tx, job, error) =>
    this.end(tx, job, [{ name: 'after_restore', ok: false, blocking: true, message: error }]);

  private async end(tx: Queryable, job: Job<HooksPayload>, hooks: readonly HookRun[]): Promise<AfterCommit> {
    const { restoreId } = job.payload;
    for (const { name, ok, message } of hooks)
      if (!ok) this.house.log.warn({ restore_id: restoreId, hook: name, reason: message }, 'a hook after a restore failed');
    await this.decide(tx, job, { kind: 'recordHooks', hooks: [...hooks] }, `hooks-${restoreId}`);
    await this.decide(tx, job, { kind: 'end' }, `end-${restoreId}`);
    await freeTargets(tx, restoreId);
    return () => nudgeSequencer(this.house);
  }

  private async decide(tx: Queryable, job: Job<HooksPayload>, command: RestoreCommand, commandId: string): Promise<void> {
    const meta = commandMeta(job.tenant, 'restorer', job.jobId);
    await this.house.store.decide(streamOf.restore(job.payload.restoreId), restoreDecider, command, { commandId, meta, tx });
  }
}
