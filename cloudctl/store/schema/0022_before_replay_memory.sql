-- What is stored already is known for 7 days from when it was stored, however old it is: after a long outage the spool
-- brings what is older than that, and a writer that is ended before it noted its progress brings it once more.

ALTER TABLE v2x.frame_ledger ADD COLUMN entered timestamptz NOT NULL DEFAULT now();
CREATE INDEX frame_ledger_entered ON v2x.frame_ledger USING brin (entered);
ALTER TABLE v2x.event_key ADD COLUMN entered timestamptz NOT NULL DEFAULT now();
CREATE INDEX event_key_entered ON v2x.event_key (entered);
DROP INDEX v2x.event_key_received;

CREATE OR REPLACE FUNCTION v2x.maintain(now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    today date := (now AT TIME ZONE 'UTC')::date;
    entry v2x.time_table;
    dropped integer := 0;
BEGIN
    PERFORM v2x.ensure_partitions(today - 1, today + 7);
    FOR entry IN SELECT * FROM v2x.time_table WHERE keep IS NOT NULL LOOP
        dropped := dropped + v2x.drop_before(entry, now - entry.keep);
    END LOOP;
    DELETE FROM v2x.frame_ledger WHERE entered < now - interval '7 days';
    DELETE FROM v2x.event_key WHERE entered < now - interval '7 days';
    RETURN dropped;
END
$$;
