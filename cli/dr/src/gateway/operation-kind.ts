export interface OperationKind {
  kind: 'backup' | 'restore' | 'verification';
  /** Below /api/v1. */
  path: string;
}

/** Ids say by their beginning what they are of; whatever says nothing is looked for among backups. */
export function kindOf(id: string): OperationKind {
  const at = encodeURIComponent(id);
  if (id.startsWith('restore_')) return { kind: 'restore', path: `/restores/${at}` };
  if (id.startsWith('verification_')) return { kind: 'verification', path: `/verifications/${at}` };
  return { kind: 'backup', path: `/backups/${at}` };
}
