import type { RequestRestore } from '@dr/domain';
import { AnswerTimeout, type Bus, NoAnswer, query, subjectOf } from '@dr/messaging';

/** One thing that is in the way. */
export interface PlanConflict {
  code: string;
  message: string;
  dataset?: string;
  versions?: string[];
}

/** What a data set would be cut to. */
export interface VersionView {
  branch: string;
  version: string;
  rows: number;
  message?: string;
  committedAtMs?: number;
  cutOff: { versions: number; branches: string[]; tags: string[]; files: number; bytes: number };
}

interface Amount {
  files: number;
  bytes: number;
}

interface Sum {
  objects: number;
  bytes: number;
}

/** What the restorer plans; see its AnswerPlans. */
export interface PlanView {
  datasets: {
    from: string;
    to: string;
    format: 'v3' | 'v4' | 'opaque';
    status: 'completed' | 'partial';
    objects: number;
    bytes: number;
    target: { exists: boolean; objects: number; bytes: number; locks: { path: string; ageSeconds: number; fresh: boolean }[] };
    version?: VersionView;
    changes?: { added: Amount; replaced: Amount; same: Amount; removed: Amount };
    pinned?: { held: Sum; live: Sum; missing: Sum; missingPaths: string[] };
    fingerprint?: string;
  }[];
  objects: number;
  bytes: number;
  bytesNeeded: number;
  bytesFree: number | null;
  seconds: number | null;
  rate: number | null;
  conflicts: PlanConflict[];
  warnings: string[];
}

/** A plan in detail walks everything; the other looks only at what may be in the way. */
const TIMEOUT_MS = { detail: 120_000, short: 15_000 };

export type PlannedRequest = Pick<RequestRestore, 'tenant' | 'backupId' | 'targetTenant' | 'datasets' | 'options'>;

/** @throws NoAnswer, AnswerTimeout, BusUnavailable; RemoteError with what the restorer says */
export const askPlan = (
  bus: Bus,
  { tenant, backupId, targetTenant, datasets, options }: PlannedRequest,
  detail: boolean,
): Promise<PlanView> =>
  query<PlanView>(
    bus,
    subjectOf.query('restorer', 'plan-restore'),
    { tenant, backupId, targetTenant, datasets, options, detail },
    { timeoutMs: detail ? TIMEOUT_MS.detail : TIMEOUT_MS.short },
  );

/** The restorer is away for a moment, or has much to do: it asks the same questions again before it stages anything. */
export const isAway = (error: unknown): boolean => error instanceof NoAnswer || error instanceof AnswerTimeout;
