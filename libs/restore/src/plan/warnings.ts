import type { PlannedDataset } from './plan-dataset.ts';
import type { PlanRequest } from './plan-restore.ts';

/** What a restore cannot bring back, or what must be looked at after it; of each kind one sentence. Source: DEEPLAKE.md section 3.3. */
export function warningsOf(planned: readonly PlannedDataset[], { commit, targetTenant, options }: PlanRequest): string[] {
  const named = (those: readonly PlannedDataset[]): string => listed(those.map(({ plan }) => plan.to));
  const moved = planned.filter(({ plan }) => plan.from !== plan.to || targetTenant !== commit.tenant);
  const withViews = moved.filter(({ seen }) => seen?.hasViews);
  const withLinks = planned.filter(({ seen }) => seen?.hasLinks);
  const v4 = planned.filter(({ plan }) => plan.format === 'v4');
  const torn = planned.filter(({ plan }) => plan.status === 'partial' && !plan.pinned?.missing.objects);
  const lacking = planned.filter(({ plan }) => (plan.pinned?.missing.objects ?? 0) > 0);
  const live = planned.filter(({ plan }) => (plan.pinned?.live.objects ?? 0) > 0);
  const lossy = options.keepTornHead ? 'their bytes come back as they were captured' : 'a torn head is restored as of its last commit';
  const warnings: [readonly PlannedDataset[], string][] = [
    [torn, `The backup holds ${named(torn)} with loss; ${lossy}, and the restore ends as partial.`],
    [
      lacking,
      `Of ${named(lacking)} the snapshot only pins files that are gone; what is left is restored, and the restore ends as partial.`,
    ],
    [live, `Of ${named(live)} files that the snapshot only pins are taken from the source, as long as nobody writes to them.`],
    [
      withViews,
      `Saved views of ${named(withViews)} name the absolute path of the data set that they were made from; they still lead there.`,
    ],
    [withLinks, `${named(withLinks)}: samples that are links lead where they led, and the managed credentials that they name must exist.`],
    [
      v4,
      `${named(v4)}: version times of v4 are the times of its log files. They are set to within a microsecond; a copy that changes file times changes them.`,
    ],
  ];
  return warnings.filter(([those]) => those.length > 0).map(([, text]) => text);
}

const NAMED_MAX = 5;

const listed = (names: readonly string[]): string =>
  names.length > NAMED_MAX ? `${names.slice(0, NAMED_MAX).join(', ')} and ${names.length - NAMED_MAX} more` : names.join(', ');
