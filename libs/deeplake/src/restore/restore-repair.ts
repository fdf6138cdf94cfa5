import type { Finding } from '../finding.ts';
import type { SyntheticFile } from './restore-rules.ts';

/**
 * What a restore does besides copying the captured files, so that the client opens a data set whose capture was torn. Apply it so: restore every
 * file that is wanted and not in `leaveOut`; write each file of `write` in the order of `restoreOrder`; make `syntheticFiles` from the paths that
 * then lie there; run the structure checks on the result. With `keep_torn_head` no repair is made: the bytes are those of the capture.
 */
export interface RestoreRepair {
  /** Paths of captured files that are not restored, those that `write` replaces included. They differ from the backup on purpose. */
  readonly leaveOut: ReadonlySet<string>;
  /** New files; none of them is in the restored tree when `leaveOut` was heeded. */
  readonly write: readonly SyntheticFile[];
  /** What was changed and what that costs, or why nothing could be done (then of severity error). Belong to the restore's findings. */
  readonly notes: readonly Finding[];
}

/** The restored files are those of the capture. */
export const NO_REPAIR: RestoreRepair = { leaveOut: new Set(), write: [], notes: [] };
