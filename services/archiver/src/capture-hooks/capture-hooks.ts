import { type Hook, systemEnvironment } from '@dr/config';
import { type CaptureCommand, countFindings, type Finding, type HookRun } from '@dr/domain';
import type { ClaimedJob, JobContext } from '@dr/jobs';
import { type House, InjectHouse, runHook } from '@dr/service';
import { Injectable } from '@nestjs/common';
import type { CapturePayload } from '../plan-backup/plan-backup.ts';
import { aboutOf, type HookFacts, postFacts, preFacts } from './hook-facts.ts';

/** A hook may take long, within its own time limit, without a sign of life. */
const STILL_THERE_MS = 30_000;

/** How long post hooks may go on after the job was taken away, or while the archiver stops. */
const AFTER_ABORT_MS = 8_000;

type CaptureJob = ClaimedJob<CapturePayload>;

/** Runs `backup.hooks.pre` and `.post` around each attempt to capture a data set. */
@Injectable()
export class CaptureHooks {
  /** Last tries that failed here, after their post hooks. */
  private readonly ended = new Set<string>();

  constructor(@InjectHouse() private readonly house: House) {}

  /** Whether there are any. A data set is not cut into slices then: its pre hook must come before everything, its post hook after everything. */
  get areSet(): boolean {
    const { pre, post } = this.house.config.backup.hooks;
    return pre.length + post.length > 0;
  }

  /** Whether a job that is being given up still needs its post hooks: who worked at it died. Asked once. */
  areDue({ jobId }: Pick<CaptureJob, 'jobId'>): boolean {
    return !this.ended.delete(jobId) && this.house.config.backup.hooks.post.length > 0;
  }

  /**
   * Pre hooks, the capture, post hooks; these run always, however the others ended. @returns what is to be recorded, with the failures as findings; a failure when a
   * pre hook failed: the data set is not captured then, and not tried again. @throws what the capture throws, after the post hooks.
   */
  async around(job: CaptureJob, context: JobContext, capture: () => Promise<CaptureCommand>): Promise<CaptureCommand> {
    if (!this.areSet) return capture();
    const beat = setInterval(() => context.progress(), STILL_THERE_MS);
    try {
      const { result, runs } = await this.captured(job, context, capture);
      runs.push(...(await this.after(job, context.signal, result)));
      if (result instanceof Error) {
        if (job.attempts >= job.attemptsMax) this.ended.add(job.jobId);
        throw result;
      }
      return withFindings(result, runs);
    } finally {
      clearInterval(beat);
    }
  }

  /** Of an attempt whose archiver died, and that is not made again. */
  async after(job: CaptureJob, signal: AbortSignal, result: CaptureCommand | Error): Promise<Ran[]> {
    const { post } = this.house.config.backup.hooks;
    const late = new AbortController();
    const end = () => setTimeout(() => late.abort(signal.reason), AFTER_ABORT_MS).unref();
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    const runs: Ran[] = [];
    for (const hook of post) {
      const run = await this.run(hook, postFacts(job, result), late.signal).catch(() => undefined);
      if (run) runs.push(run);
    }
    signal.removeEventListener('abort', end);
    return runs;
  }

  private async captured(job: CaptureJob, { signal }: JobContext, capture: () => Promise<CaptureCommand>): Promise<Captured> {
    const runs: Ran[] = [];
    try {
      for (const hook of this.house.config.backup.hooks.pre) {
        const run = await this.run(hook, preFacts(job), signal);
        runs.push(run);
        if (!run.ok && run.blocking) return { result: refused(job.payload, run), runs: [] };
      }
      return { result: await capture(), runs };
    } catch (error) {
      return { result: error instanceof Error ? error : new Error(String(error)), runs };
    }
  }

  private async run(hook: Hook, facts: HookFacts, signal: AbortSignal): Promise<Ran> {
    const run = await runHook(hook, { facts, about: aboutOf(facts), env: systemEnvironment(), signal });
    const { backup_id, dataset_id, attempt } = facts;
    const told = { backup_id, dataset_id, attempt, hook: run.name, when: facts.hook };
    if (run.ok) this.house.log.info(told, 'a hook ran');
    else this.house.log.warn({ ...told, reason: run.message }, 'a hook failed');
    return { ...run, when: facts.hook };
  }
}

type Ran = HookRun & { readonly when: 'pre' | 'post' };

interface Captured {
  result: CaptureCommand | Error;
  runs: Ran[];
}

const refused = ({ backupId, dataset: { n, datasetId } }: CapturePayload, { name, message }: HookRun): CaptureCommand => ({
  kind: 'recordFailed',
  backupId,
  n,
  datasetId,
  code: 'capture.hook_failed',
  message: `It was not captured, because the hook ${name} that runs before failed: ${message}.`,
  findings: [],
});

/** A failed hook is a finding of the data set; a data set with an error is not whole. */
function withFindings(command: CaptureCommand, runs: readonly Ran[]): CaptureCommand {
  const failed = runs.filter(({ ok }) => !ok);
  if (failed.length === 0) return command;
  const format = command.kind === 'recordCaptured' ? command.format : 'opaque';
  const ours = failed.map((run) => findingOf(format, run));
  const counts = command.findingCounts ?? countFindings(command.findings);
  const more = countFindings(ours);
  const findingCounts = { error: counts.error + more.error, warning: counts.warning + more.warning, info: counts.info + more.info };
  return { ...command, findings: [...ours, ...command.findings], findingCounts };
}

const findingOf = (format: Finding['format'], { when, name, blocking, message }: Ran): Finding => ({
  format,
  code: when === 'pre' ? 'W6' : 'W7',
  severity: blocking ? 'error' : 'warning',
  path: '',
  message: `the hook ${name}, which runs ${when === 'pre' ? 'before' : 'after'} a capture, failed: ${message}`,
});
