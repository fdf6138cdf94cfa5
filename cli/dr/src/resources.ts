/** Resources of CONTRACT section 2 as far as the command line shows them. JSON output passes on whatever else the gateway sent. */
export interface Backup {
  backup_id: string;
  timestamp: string;
  type: string;
  status: string;
  tenant_id: string;
  dataset_ids: string[];
  datasets: BackupDataset[];
  parent_id?: string | null;
  size_bytes?: number | null;
  compressed_size_bytes?: number | null;
  checksum?: string | null;
  duration_seconds?: number | null;
  storage_path?: string | null;
  error_message?: string | null;
  progress?: OperationProgress | null;
  verified_at?: string | null;
  metadata?: { created_by?: string; description?: string | null } | null;
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
}

export interface ContentEntry {
  dataset_id: string;
  path: string;
  kind: string;
  size: number;
  digest: string | null;
  modified_at?: string;
  link_target?: string;
}

export interface Restore {
  restore_id: string;
  backup_id: string;
  status: string;
  tenant_id: string;
  target_tenant: string;
  datasets: RestoredDataset[];
  progress?: OperationProgress | null;
  error_message?: string | null;
}

export interface RestoredDataset {
  from: string;
  to: string;
  status: string;
  bytes?: number | null;
  findings?: readonly Finding[] | null;
  error_message?: string | null;
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
}

export interface Damage {
  object: string;
  kind: string;
  message: string;
  paths?: readonly string[];
}
