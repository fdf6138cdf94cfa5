import { asArray, asObject, asString, field } from '../bytes/json-shape.ts';
import { pythonJson } from '../bytes/python-json.ts';
import type { SyntheticFile } from '../restore/restore-rules.ts';
import { type DatasetFiles, isBroken } from '../v3/dataset-files.ts';
import { QUERIES_ROOT } from '../v3/paths.ts';

const QUERIES = 'queries.json';

/** Saved views of commits that are left out, which nothing could open. */
export interface LostViews {
  /** Below these prefixes everything goes. */
  readonly prefixes: readonly string[];
  readonly write: readonly SyntheticFile[];
}

/** A list that cannot be read stays as it is: the checks do not depend on it. */
export async function lostViews(files: DatasetFiles, isKept: (commit: string) => boolean): Promise<LostViews> {
  const views = await files.parse(QUERIES, (bytes) => asArray(JSON.parse(new TextDecoder().decode(bytes)), QUERIES).map(viewOf));
  if (views === undefined || isBroken(views)) return { prefixes: [], write: [] };
  const lost = views.filter(({ commit }) => commit !== undefined && !isKept(commit));
  if (lost.length === 0) return { prefixes: [], write: [] };
  const kept = views.filter((view) => !lost.includes(view)).map(({ value }) => value);
  const content = new TextEncoder().encode(pythonJson(kept));
  return { prefixes: lost.map(({ id }) => `${QUERIES_ROOT}/${id}/`), write: [{ path: QUERIES, content }] };
}

function viewOf(value: unknown): { value: unknown; id: string; commit: string | undefined } {
  const view = asObject(value, 'view');
  const commit = field(view, 'source-dataset-version');
  return { value, id: asString(field(view, 'id'), 'id'), commit: typeof commit === 'string' ? commit : undefined };
}
