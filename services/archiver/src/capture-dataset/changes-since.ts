import { diffCaptures } from '@dr/diff';
import type { ChangesSinceBase, RecordCaptured } from '@dr/domain';
import type { PieceId, TenantRepository } from '@dr/repository';

/**
 * What became of a data set since the copy that it was built on, for its record. Of the trees only pages that differ are read, and of a v4 log only what
 * is new. The format of the base is taken to be that of the copy: where it was another one, nothing in common is found.
 */
export async function changesSinceBase(tenant: TenantRepository, baseRoot: PieceId, captured: RecordCaptured): Promise<ChangesSinceBase> {
  const { format, root, objects, bytes } = captured;
  const { change, rows, exact, files } = await diffCaptures(
    tenant,
    { format, root: baseRoot, objects: 0, bytes: 0 },
    { format, root, objects, bytes },
  );
  const told = format === 'opaque' || change === 'replaced' ? undefined : rows;
  return { change: change as ChangesSinceBase['change'], exact, ...files, ...(told && { rows: told }) };
}
