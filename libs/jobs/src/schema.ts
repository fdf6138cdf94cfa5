import { APP_ROLE, type MigrationClass, sqlMigration } from '@dr/event-store';

/** Tenants that have waiting jobs of kind $1, by hopping from one to the next in the index: cheap even when one tenant has 100,000 jobs. */
export const WAITING_TENANTS = `
WITH RECURSIVE waiting (tenant) AS (
  (SELECT j.tenant FROM jobs j WHERE j.kind = p_kind AND j.status = 'queued' ORDER BY j.tenant LIMIT 1)
  UNION ALL
  SELECT (SELECT j.tenant FROM jobs j WHERE j.kind = p_kind AND j.status = 'queued' AND j.tenant > w.tenant ORDER BY j.tenant LIMIT 1)
    FROM waiting w WHERE w.tenant IS NOT NULL
)
SELECT w.tenant FROM waiting w
  LEFT JOIN (SELECT j.tenant, count(*) AS n FROM jobs j WHERE j.kind = p_kind AND j.status = 'running' GROUP BY j.tenant) r ON r.tenant = w.tenant
  LEFT JOIN job_turns t ON t.kind = p_kind AND t.tenant = w.tenant
 WHERE w.tenant IS NOT NULL
 ORDER BY coalesce(r.n, 0), t.served_at NULLS FIRST, w.tenant`;

export const NEXT_OF_TENANT = `
SELECT j.job_id FROM jobs j
 WHERE j.kind = p_kind AND j.status = 'queued' AND j.tenant = v_tenant AND j.available_at <= clock_timestamp()
 ORDER BY j.available_at, j.seq LIMIT 1 FOR UPDATE SKIP LOCKED`;

const TABLES = `
CREATE TABLE jobs (
  job_id text COLLATE "C" PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  kind text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  operation_id text COLLATE "C" NOT NULL,
  payload jsonb NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'dead')),
  attempts int NOT NULL DEFAULT 0,
  attempts_max int NOT NULL CHECK (attempts_max > 0),
  available_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  fencing_token bigint NOT NULL DEFAULT 0,
  worker text,
  lease_until timestamptz,
  heartbeat_at timestamptz,
  error text,
  enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  CHECK ((status = 'running') = (lease_until IS NOT NULL)),
  CHECK ((status IN ('done', 'dead')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX jobs_waiting ON jobs (kind, tenant, available_at, seq) WHERE status = 'queued';
CREATE INDEX jobs_running ON jobs (kind, tenant, lease_until) WHERE status = 'running';
CREATE INDEX jobs_of_operation ON jobs (operation_id);
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE job_turns (
  kind text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  served_at timestamptz NOT NULL,
  PRIMARY KEY (kind, tenant)
) WITH (fillfactor = 50);
`;

/**
 * One claimer per kind at a time, so that fairness is exact: the tenant with the fewest running jobs is next, among equals the one
 * that was served longest ago. Expired leases go back to the queue first, unless their tries are used up (the worker buries those).
 */
const CLAIM = `
CREATE FUNCTION claim_job(p_kind text, p_worker text, p_lease_ms int) RETURNS SETOF jobs
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE v_tenant text; v_job text;
BEGIN
  PERFORM pg_advisory_xact_lock(7103, hashtext(p_kind));
  UPDATE jobs SET status = 'queued', worker = NULL, lease_until = NULL, error = 'the lease of ' || worker || ' expired', available_at = clock_timestamp()
   WHERE job_id IN (SELECT j.job_id FROM jobs j WHERE j.kind = p_kind AND j.status = 'running' AND j.lease_until < clock_timestamp()
                       AND j.attempts < j.attempts_max FOR UPDATE SKIP LOCKED);
  FOR v_tenant IN ${WAITING_TENANTS} LOOP
    ${NEXT_OF_TENANT.replace('SELECT j.job_id', 'SELECT j.job_id INTO v_job')};
    CONTINUE WHEN NOT FOUND;
    INSERT INTO job_turns AS t VALUES (p_kind, v_tenant, clock_timestamp()) ON CONFLICT (kind, tenant) DO UPDATE SET served_at = excluded.served_at;
    RETURN QUERY UPDATE jobs SET status = 'running', worker = p_worker, attempts = attempts + 1, fencing_token = fencing_token + 1,
        lease_until = clock_timestamp() + p_lease_ms * interval '1 ms', heartbeat_at = clock_timestamp()
      WHERE job_id = v_job RETURNING *;
    RETURN;
  END LOOP;
END $$;
`;

const GRANTS = `GRANT SELECT, INSERT, UPDATE, DELETE ON jobs, job_turns TO ${APP_ROLE};`;

const OPEN_OPERATIONS = `
CREATE TABLE open_operations (
  operation_id text COLLATE "C" PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX open_operations_tenant ON open_operations (tenant);
GRANT SELECT, INSERT, DELETE ON open_operations TO ${APP_ROLE};
`;

/**
 * One question of the client instead of four, since whoever holds the lock holds up all others until COMMIT. Each statement sees what was
 * committed while it waited. Answers whose limit is passed, NULL when none is.
 */
const ADMIT = `
CREATE FUNCTION admit_operation(p_operation text, p_kind text, p_tenant text, p_tenant_max int, p_all_max int) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7104);
  INSERT INTO open_operations (operation_id, kind, tenant) VALUES (p_operation, p_kind, p_tenant) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF (SELECT count(*) FROM (SELECT FROM open_operations WHERE tenant = p_tenant LIMIT p_tenant_max + 1) AS open) > p_tenant_max THEN RETURN 'tenant'; END IF;
  IF (SELECT count(*) FROM (SELECT FROM open_operations LIMIT p_all_max + 1) AS open) > p_all_max THEN RETURN 'all'; END IF;
  RETURN NULL;
END $$;
`;

const ERROR_CODE = 'ALTER TABLE jobs ADD COLUMN error_code text;';

/** For `migrate` of @dr/event-store. */
export const jobMigrations: readonly MigrationClass[] = [
  sqlMigration('CreateJobs1764000001000', [TABLES, CLAIM, GRANTS].join('\n')),
  sqlMigration('CountOpenOperations1764200000000', OPEN_OPERATIONS),
  sqlMigration('KeepErrorCodesOfJobs1764200001000', ERROR_CODE),
  sqlMigration('AdmitInOneQuestion1764700000000', ADMIT),
];
