-- The gateway reads with this role and can change nothing. Without the right to make roles it reads with its own.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'v2x_reader') THEN
        CREATE ROLE v2x_reader NOLOGIN;
    END IF;
    GRANT USAGE ON SCHEMA v2x TO v2x_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA v2x TO v2x_reader;
    ALTER DEFAULT PRIVILEGES IN SCHEMA v2x GRANT SELECT ON TABLES TO v2x_reader;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        RAISE NOTICE 'role v2x_reader was not made: %', SQLERRM;
END
$$;
