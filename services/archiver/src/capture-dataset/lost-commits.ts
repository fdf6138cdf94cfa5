import type { Finding, LogGap } from '@dr/deeplake';
import type { PieceId, TenantRepository } from '@dr/repository';

/** The same list for every gap of a folder. */
type Numbers = ReadonlySet<number>;

/**
 * Of the commit numbers that the source lacks, those that an earlier backup holds: the source lost data. A number that none holds was reserved by a
 * writer that died. A tree that cannot be read tells nothing. Source: DEEPLAKE_V4.md section 7.1 step 4.
 */
export async function lostCommits(
  tenant: TenantRepository,
  earlierTrees: () => Promise<readonly PieceId[]>,
  gaps: readonly LogGap[],
): Promise<Finding[]> {
  const roots = gaps.length > 0 ? await earlierTrees() : [];
  const findings: Finding[] = [];
  for (const [folder, ofFolder] of Map.groupBy(gaps, (gap) => gap.folder)) {
    const known = await Promise.all(roots.map((root) => numbersIn(tenant, root, `_deeplake_log/${folder}`)));
    const lost = ofFolder.filter(({ number }) => known.some((numbers) => numbers.has(number)));
    findings.push(...lost.map(lostCommit));
  }
  return findings;
}

async function numbersIn(tenant: TenantRepository, root: PieceId, folder: string): Promise<Numbers> {
  const numbers = new Set<number>();
  try {
    for await (const page of tenant.openFiles(root).list(folder))
      for (const { path } of page) numbers.add(Number(path.slice(folder.length + 1, folder.length + 11)));
  } catch {
    return new Set();
  }
  return numbers;
}

function lostCommit({ folder, number }: LogGap): Finding {
  const message = `the source lost commit ${number}: an earlier backup has it. Restore the log file from there.`;
  return { format: 'v4', code: 'T5', severity: 'error', path: `_deeplake_log/${folder}`, message };
}
