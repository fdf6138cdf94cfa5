/** What is taken from a backup's row for its totals. `sign` takes it away again. */
const AMOUNTS = {
  backups: 'sign',
  size_bytes: amount('size_bytes'),
  stored_bytes: amount('compressed_size_bytes'),
  new_bytes: amount('new_bytes'),
};
const NAMES = Object.keys(AMOUNTS);

/** Bytes count of backups that are there to be restored. */
function amount(field: string): string {
  return `CASE WHEN status IN ('completed', 'partial') THEN sign * coalesce((doc ->> '${field}')::numeric, 0) ELSE 0 END`;
}

/** What rows come to. Groups in which nothing changes are left out, so that most changes of a backup write no total. */
const totalsOf = (signedRows: string): string => `
  INSERT INTO catalog_totals AS t (tenant, type, ended_as, ${NAMES.join(', ')})
  SELECT tenant, type, coalesce(doc ->> 'ended_as', status), ${Object.values(AMOUNTS)
    .map((of) => `sum(${of})`)
    .join(', ')}
    FROM (${signedRows}) AS changed GROUP BY 1, 2, 3
  HAVING ${Object.values(AMOUNTS)
    .map((of) => `sum(${of}) <> 0`)
    .join(' OR ')}
  ON CONFLICT (tenant, type, ended_as) DO UPDATE SET ${NAMES.map((name) => `${name} = t.${name} + excluded.${name}`).join(', ')};`;

const placesOf = (backups: string): string => `
  INSERT INTO catalog_dataset_kinds (backup_id, dataset_id, tenant, type, status, requested_at)
  SELECT backup_id, dataset_id, tenant, type, status, requested_at FROM ${backups}, unnest(dataset_ids) AS dataset_id
  ON CONFLICT DO NOTHING;`;

const NEW_STATUSES = `
  UPDATE catalog_dataset_kinds k SET status = r.status FROM new_rows r WHERE k.backup_id = r.backup_id AND k.status <> r.status;`;

/** The plan is kept for as long as the connection lives: one that was made while the table was small must not walk it when it is large. */
const trigger = (event: 'INSERT' | 'UPDATE' | 'DELETE', rows: string, body: string): string => `
CREATE FUNCTION catalog_backups_on_${event}() RETURNS trigger LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN${body}
  RETURN NULL;
END $$;
CREATE TRIGGER catalog_backups_on_${event} AFTER ${event} ON catalog_backups
  REFERENCING ${rows} FOR EACH STATEMENT EXECUTE FUNCTION catalog_backups_on_${event}();`;

const [OLD, NEW] = ['OLD TABLE AS old_rows', 'NEW TABLE AS new_rows'];
const [LESS, MORE] = ['SELECT -1 AS sign, * FROM old_rows', 'SELECT 1 AS sign, * FROM new_rows'];

/**
 * Two tables that follow from `catalog_backups` alone and are kept by the statement that changes it, in its transaction, so that whatever
 * writes backups (the projection, a rebuild, this migration) leaves them right:
 * `catalog_totals`, what backups come to, which is a sum over millions of rows otherwise; and `catalog_dataset_kinds`, which has the data sets of
 * a backup beside its type and status, for lists that ask for both. Of a backup only status and document change.
 */
export const derivedTables = `
CREATE TABLE catalog_totals (
  tenant text NOT NULL, type text NOT NULL, ended_as text NOT NULL,
  ${NAMES.map((name) => `${name} numeric NOT NULL`).join(', ')}, PRIMARY KEY (tenant, type, ended_as)
);
CREATE TABLE catalog_dataset_kinds (
  backup_id text NOT NULL, dataset_id text COLLATE "C" NOT NULL, tenant text COLLATE "C" NOT NULL, type text NOT NULL, status text NOT NULL,
  requested_at timestamptz NOT NULL, PRIMARY KEY (backup_id, dataset_id)
);
${totalsOf('SELECT 1 AS sign, * FROM catalog_backups')}
${placesOf('catalog_backups')}
CREATE INDEX catalog_dataset_kinds_tenant ON catalog_dataset_kinds (tenant, dataset_id, type, status, requested_at DESC, backup_id DESC);
CREATE INDEX catalog_dataset_kinds_of_all ON catalog_dataset_kinds (dataset_id, type, status, requested_at DESC, backup_id DESC);
GRANT SELECT, INSERT, UPDATE, DELETE ON catalog_totals, catalog_dataset_kinds TO dr_app;
${trigger('INSERT', NEW, totalsOf(MORE) + placesOf('new_rows'))}
${trigger('UPDATE', `${OLD} ${NEW}`, totalsOf(`${MORE} UNION ALL ${LESS}`) + NEW_STATUSES)}
${trigger(
  'DELETE',
  OLD,
  `${totalsOf(LESS)}
  DELETE FROM catalog_dataset_kinds k USING old_rows r WHERE k.backup_id = r.backup_id;`,
)}
CREATE FUNCTION catalog_backups_on_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE catalog_totals, catalog_dataset_kinds;
  RETURN NULL;
END $$;
CREATE TRIGGER catalog_backups_on_truncate AFTER TRUNCATE ON catalog_backups FOR EACH STATEMENT EXECUTE FUNCTION catalog_backups_on_truncate();
`;
