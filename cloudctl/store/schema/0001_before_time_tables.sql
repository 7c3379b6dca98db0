-- Tables that grow with time: hypertables on TimescaleDB, native daily partitions elsewhere. The server is asked which.

CREATE TABLE v2x.time_table (
    name text PRIMARY KEY,
    time_column text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('hypertable', 'native')),
    keep interval
);
COMMENT ON COLUMN v2x.time_table.keep IS 'Rows older than this are dropped by v2x.maintain(); NULL keeps them.';

CREATE FUNCTION v2x.timescale_edition() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN NULL
        WHEN current_setting('timescaledb.license', true) = 'timescale' THEN 'community'
        ELSE 'apache'
    END
$$;
COMMENT ON FUNCTION v2x.timescale_edition() IS 'community, apache, or NULL on plain PostgreSQL.';

CREATE FUNCTION v2x.create_time_table(table_name text, time_column text, columns text, keep interval)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF v2x.timescale_edition() IS NULL THEN
        EXECUTE format('CREATE TABLE v2x.%I (%s) PARTITION BY RANGE (%I)', table_name, columns, time_column);
        EXECUTE format('CREATE TABLE v2x.%I PARTITION OF v2x.%I DEFAULT', table_name || '_default', table_name);
        INSERT INTO v2x.time_table VALUES (table_name, time_column, 'native', keep);
    ELSE
        EXECUTE format('CREATE TABLE v2x.%I (%s)', table_name, columns);
        PERFORM create_hypertable(
            format('v2x.%I', table_name)::regclass,
            by_range(time_column::name, interval '1 day'),
            create_default_indexes => false
        );
        INSERT INTO v2x.time_table VALUES (table_name, time_column, 'hypertable', keep);
    END IF;
END
$$;

-- A day that already has rows in the default partition gets them moved into its own.
CREATE FUNCTION v2x.ensure_partition(parent text, time_column text, utc_day date)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition text := parent || '_p' || to_char(utc_day, 'YYYYMMDD');
    first timestamptz := utc_day::timestamp AT TIME ZONE 'UTC';
    beyond timestamptz := (utc_day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(format('v2x.%I', partition)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE v2x.%I (LIKE v2x.%I INCLUDING DEFAULTS)', partition, parent);
    EXECUTE format(
        'WITH moved AS (DELETE FROM v2x.%I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO v2x.%I SELECT * FROM moved',
        parent || '_default', time_column, first, time_column, beyond, partition
    );
    EXECUTE format('ALTER TABLE v2x.%I ATTACH PARTITION v2x.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, partition, first, beyond);
END
$$;

CREATE FUNCTION v2x.ensure_partitions(first_day date, last_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry v2x.time_table;
    step integer;
BEGIN
    FOR entry IN SELECT * FROM v2x.time_table WHERE kind = 'native' ORDER BY name LOOP
        FOR step IN 0 .. last_day - first_day LOOP
            PERFORM v2x.ensure_partition(entry.name, entry.time_column, first_day + step);
        END LOOP;
    END LOOP;
END
$$;

-- Drops whole days before the cutoff, returns how many.
CREATE FUNCTION v2x.drop_before(entry v2x.time_table, cutoff timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    partition text;
    dropped integer := 0;
BEGIN
    IF entry.kind = 'hypertable' THEN
        SELECT count(*) INTO dropped FROM drop_chunks(format('v2x.%I', entry.name)::regclass, older_than => cutoff);
        RETURN dropped;
    END IF;
    FOR partition IN
        SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = format('v2x.%I', entry.name)::regclass
          AND child.relname < entry.name || '_p' || to_char(cutoff AT TIME ZONE 'UTC', 'YYYYMMDD')
          AND child.relname <> entry.name || '_default'
    LOOP
        EXECUTE format('DROP TABLE v2x.%I', partition);
        dropped := dropped + 1;
    END LOOP;
    EXECUTE format('DELETE FROM v2x.%I WHERE %I < %L', entry.name || '_default', entry.time_column, cutoff);
    RETURN dropped;
END
$$;
