/** Ends what was started. Resolves when nothing of it runs any more. Safe to call twice. */
export type Stop = () => Promise<void>;

/**
 * Told that a job may be there. Returns or resolves as soon as the claim is decided (won, lost, nothing to do): the message is acknowledged
 * then, because from there on the job's row is the coordination, not the message. If it gives `{ until: promise }`, the slot takes no further
 * trigger before that settles. Throwing means that the claim could not be decided (database away): the trigger comes again, later and later.
 */
export type TriggerHandler = (jobId: string) => unknown;

/** Triggers of jobs. Lost, repeated and late ones are all normal: workers poll their rows as well. */
export interface Triggers {
  /** Resolves when the trigger is stored. @throws PublishFailed; the row will be found by polling. */
  publishTrigger(kind: string, jobId: string): Promise<void>;
  /** `slots` (default 1): how many triggers are in hand at once. */
  onTrigger(kind: string, handler: TriggerHandler, options?: { readonly slots?: number }): Stop;
}
