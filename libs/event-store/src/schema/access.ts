/** The role under which services run. Its password and LOGIN are given by the deployment. */
export const APP_ROLE = 'dr_app';

/** Roles belong to the cluster: another database's migration may create it in the same moment. */
export const CREATE_APP_ROLE = `
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${APP_ROLE}') THEN
    CREATE ROLE ${APP_ROLE} NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
`;

/**
 * dr_app reads everything, appends and seals by function, and owns no table. It keeps processors' checkpoints itself: they are
 * coordination, not truth.
 */
export const GRANTS = `
GRANT USAGE ON SCHEMA public TO ${APP_ROLE};
GRANT SELECT ON streams, events, command_dedup, unsealed, event_log, processors, live_projections TO ${APP_ROLE};
GRANT INSERT, UPDATE, DELETE ON processors, live_projections TO ${APP_ROLE};
REVOKE ALL ON FUNCTION append_events, seal_events, adopt_foreign_events, oldest_write_transaction FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_events, seal_events, oldest_write_transaction TO ${APP_ROLE};
`;

/**
 * The oldest open write transaction in the whole cluster, prepared ones included: until it ends, the log stands still. pg_locks shows
 * that it is there to everybody; its age needs an owner that may read pg_stat_activity (pg_read_all_stats), else age_ms is null.
 */
export const OLDEST_WRITE = `
CREATE FUNCTION oldest_write_transaction(OUT age_ms bigint, OUT application text, OUT pid int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::bigint,
         coalesce(a.application_name, 'prepared transaction ' || p.gid, ''), l.pid
    FROM pg_locks l
    LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    LEFT JOIN pg_prepared_xacts p ON p.transaction = l.transactionid
   WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
   ORDER BY coalesce(a.xact_start, p.prepared) NULLS FIRST LIMIT 1
$$;
`;
