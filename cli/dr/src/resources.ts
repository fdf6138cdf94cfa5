/** Resources of CONTRACT section 2 as far as the command line shows them. JSON output passes on whatever else the gateway sent. */
export interface Backup {
  backup_id: string;
  timestamp: string;
  type: string;
  status: string;
  tenant_id: string;
  dataset_ids: string[];
  datasets: BackupDataset[];
  system_state?: SystemStateItem[];
  left_out?: { total: number; lost: number; paths: { path: string; reason: string }[] } | null;
  parent_id?: string | null;
  size_bytes?: number | null;
  compressed_size_bytes?: number | null;
  checksum?: string | null;
  duration_seconds?: number | null;
  storage_path?: string | null;
  error_message?: string | null;
  progress?: OperationProgress | null;
  verified_at?: string | null;
  purge_after?: string | null;
  metadata?: { created_by?: string; description?: string | null; promoted_from?: string } | null;
}

export interface BackupDataset {
  dataset_id: string;
  format: string;
  status: string;
  objects?: number | null;
  bytes?: number | null;
  new_bytes?: number | null;
  head_version?: string | null;
  branches?: readonly string[] | null;
  tags?: readonly string[] | null;
  rows?: number | string | null;
  findings?: readonly Finding[] | null;
  error_message?: string | null;
  /** Since the backup that it was built on. */
  changes?: { change: string; rows: RowChanges | null; exact: boolean; files: DatasetChange['files'] };
  /** In a snapshot: what is only pinned by identity. */
  pinned_objects?: number;
  pinned_bytes?: number;
}

/** What a full backup holds beside its data sets. */
export interface SystemStateItem {
  name: string;
  status: string;
  objects?: number | null;
  bytes?: number | null;
  new_bytes?: number | null;
  findings?: readonly Finding[] | null;
  error_message?: string | null;
}

export interface Finding {
  format: string;
  code: string;
  severity: string;
  path: string;
  message: string;
}

export interface OperationProgress {
  datasets_total?: number;
  datasets_done?: number;
  bytes_total?: number | null;
  bytes_done?: number | null;
  bytes_per_second?: number | null;
  eta_seconds?: number | null;
}

export interface ContentEntry {
  dataset_id: string;
  path: string;
  kind: string;
  size: number;
  digest: string | null;
  modified_at?: string;
  link_target?: string;
  /** A snapshot only pins it: the repository does not hold its bytes. */
  pinned?: true;
}

export interface Restore {
  restore_id: string;
  backup_id: string;
  backup_status?: string | null;
  status: string;
  tenant_id: string;
  target_tenant: string;
  datasets: RestoredDataset[];
  progress?: OperationProgress | null;
  error_message?: string | null;
}

/** The answer to a dry run: what the restore would do, and what it would be refused for. */
export interface RestorePlan {
  dry_run: true;
  backup_id: string;
  tenant_id: string;
  target_tenant: string;
  possible: boolean;
  datasets: readonly PlannedDataset[];
  lacking?: readonly { dataset_id: string; cause: string }[];
  objects?: number | null;
  bytes?: number | null;
  bytes_needed?: number | null;
  bytes_free?: number | null;
  estimated_seconds?: number | null;
  conflicts?: readonly { code: string; message: string; dataset?: string; versions?: readonly string[] }[];
  warnings?: readonly string[];
}

/** What a data set is cut to, and what that leaves out. */
export interface RestoredVersion {
  branch: string;
  version: string;
  rows: number;
  message?: string;
  committed_at?: string;
  cut_off: { versions: number; branches: readonly string[]; tags: readonly string[]; files: number; bytes: number };
}

export interface FileSum {
  objects: number;
  bytes: number;
}

export interface PlannedDataset {
  from: string;
  to: string;
  status: string;
  bytes: number;
  target: { exists: boolean };
  version?: RestoredVersion;
  /** Of a snapshot: where the files are that it only pins. */
  pinned?: { held: FileSum; live: FileSum; missing: FileSum; missing_paths: readonly string[] };
  changes?: Readonly<Record<'added' | 'replaced' | 'same' | 'removed', { files: number; bytes: number }>>;
}

export interface RestoredDataset {
  from: string;
  to: string;
  status: string;
  bytes?: number | null;
  findings?: readonly Finding[] | null;
  error_message?: string | null;
}

/** One data set between two backups. */
export interface DatasetChange {
  dataset_id: string;
  change: string;
  format: string;
  rows_before: number | null;
  rows_after: number | null;
  rows: RowChanges | null;
  files: Readonly<Record<'added' | 'changed' | 'removed', { files: number; bytes: number }>>;
  branches: readonly BranchChange[];
  tags: readonly { name: string; change: string; renamed_from?: string; version_before: string | null; version_after: string | null }[];
  exact: boolean;
  notes: readonly string[];
}

export interface RowChanges {
  added: number;
  updated: number;
  deleted: number;
}

export interface BranchChange {
  name: string;
  change: string;
  renamed_from?: string;
  head_before: string | null;
  head_after: string | null;
  commits: number;
  undone: number;
  rows?: RowChanges;
  columns?: { added: readonly string[]; renamed: readonly { from: string; to: string }[]; dropped: readonly string[] };
  tensors?: readonly ({ name: string; rows_before: number; rows_after: number } & RowChanges)[];
}

export interface FileChange {
  path: string;
  change: string;
  bytes_before: number | null;
  bytes_after: number | null;
}

export interface Verification {
  verification_id?: string;
  backup_id: string;
  tenant_id: string;
  status: string;
  level?: string;
  objects?: number | null;
  bytes?: number | null;
  findings?: readonly Damage[] | null;
  error_message?: string | null;
  /** With --repo: no damage of this backup, but to be looked at. */
  warnings?: readonly string[];
  /** Of a snapshot: what was not checked, since it only pins it. */
  pinned_objects?: number;
  pinned_bytes?: number;
  /** Added by `dr verify`: a partial backup may be whole as far as it goes, and still lacks something. */
  backup_status?: string;
  missing?: readonly Missing[];
}

/** A data set that a partial backup lacks, or has not as it was meant. */
export interface Missing {
  dataset_id: string;
  message: string;
}

export interface Damage {
  object: string;
  kind: string;
  message: string;
  paths?: readonly string[];
}

/** A data set of the source or of a backup. */
export interface Dataset {
  tenant_id: string;
  dataset_id: string;
  format: string;
  /** Lies at the source now. */
  present: boolean;
  /** Some backup holds it whole. */
  protected: boolean;
  last_good: { backup_id: string; at: string; verified_at: string | null } | null;
  rpo_age_seconds: number | null;
}

/** What no data set covers. */
export interface UnprotectedPath {
  tenant_id: string | null;
  path: string;
  reason: string;
  message: string;
}

export interface ApiKey {
  key_id: string;
  name?: string | null;
  tenant_id: string;
  scopes: readonly string[];
  created_at?: string | null;
  expires_at?: string | null;
  revoked_at?: string | null;
  /** active, expired or revoked. */
  status?: string;
  /** Only in the answer that creates it. */
  api_key?: string;
}

/** Who may read a tenant's events from NATS. */
export interface EventSubscriber {
  subscriber_id: string;
  tenant_id: string;
  name: string | null;
  created_at: string;
  revoked_at: string | null;
  /** Only in the answer that creates it. */
  seed?: string;
}

/** One setting of GET /config. */
export interface EffectiveValue {
  value: unknown;
  origin: string;
  key?: string;
  note?: string;
}

/** A CloudEvent, as far as a line shows it. */
export interface LogEvent {
  id?: string;
  type?: string;
  subject?: string;
  time?: string;
  data?: unknown;
}

/** The answer of GET /config: settings by their path. */
export interface EffectiveConfig {
  settings: Readonly<Record<string, EffectiveValue>>;
  warnings: readonly string[];
}

/** The answer of GET /admin/backups/stats: bytes, and ratios that are null while there is nothing to divide by. */
export interface BackupStats {
  total_backups: number;
  completed_backups: number;
  failed_backups: number;
  success_rate: number | null;
  total_size_bytes: number;
  compressed_size_bytes: number;
  compression_ratio: number | null;
  dedup_ratio: number | null;
  type_breakdown: Readonly<Record<string, { count: number; size: number }>>;
  storage_backend: string;
  retention_days: number | null;
}

/** What the repository's copy of the event log holds, and what the house has of it. */
export interface CopyReport {
  uri: string;
  repository_id: string | null;
  events: number;
  copied: number;
  behind: number;
  behind_ms: number;
  epoch: number;
  unreadable: { object: string; from: number; to: number | null; reason: string }[];
  backups: number;
  recovered: number;
  imported: number;
  forks: number;
}
