-- Sums over time: link states by quarter of an hour, hour and day, turning movements by hour, travel-time profiles of
-- links for routing, effect of advisories. Where the licence has continuous aggregates the quarters are one; elsewhere
-- v2x.aggregate() fills a table of the same name and columns.

CREATE TABLE v2x.aggregate_mark (
    name text PRIMARY KEY,
    upto timestamptz NOT NULL
);
COMMENT ON TABLE v2x.aggregate_mark IS 'Up to where each sum was made; what comes later than that is counted by nobody.';

DO $$
BEGIN
    IF v2x.timescale_edition() = 'community' THEN
        EXECUTE $view$
            CREATE MATERIALIZED VIEW v2x.link_quarter
            WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
            SELECT time_bucket(interval '15 minutes', s.t) AS t, s.link,
                count(*) FILTER (WHERE s.speed >= 0)::integer AS samples,
                (avg(s.speed) FILTER (WHERE s.speed >= 0) / 100)::real AS speed,
                (min(s.speed) FILTER (WHERE s.speed >= 0) / 100.0)::real AS speed_min,
                (avg(s.flow) FILTER (WHERE s.flow >= 0))::real AS flow,
                max(s.queue) AS queue_max,
                max(s.level) AS level_max
            FROM v2x.link_state s GROUP BY 1, s.link WITH NO DATA
        $view$;
        PERFORM add_continuous_aggregate_policy('v2x.link_quarter', start_offset => interval '3 days',
            end_offset => interval '15 minutes', schedule_interval => interval '15 minutes');
        ALTER TABLE v2x.track_link SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'link', timescaledb.compress_orderby = 't'
        );
        ALTER TABLE v2x.device_health SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'device', timescaledb.compress_orderby = 't'
        );
        PERFORM add_compression_policy('v2x.track_link', interval '8 days', if_not_exists => true);
        PERFORM add_compression_policy('v2x.device_health', interval '8 days', if_not_exists => true);
    ELSE
        PERFORM v2x.create_time_table('link_quarter', 't', $columns$
            t timestamptz NOT NULL,
            link integer NOT NULL,
            samples integer NOT NULL,
            speed real,
            speed_min real,
            flow real,
            queue_max smallint NOT NULL,
            level_max smallint NOT NULL,
            PRIMARY KEY (link, t)
        $columns$, interval '800 days');
    END IF;
END
$$;

CREATE TABLE v2x.link_hour (
    t timestamptz NOT NULL,
    link integer NOT NULL,
    samples integer NOT NULL,
    speed real,
    speed_min real,
    flow real,
    queue_max smallint NOT NULL,
    level_max smallint NOT NULL,
    PRIMARY KEY (link, t)
);
CREATE TABLE v2x.link_day (LIKE v2x.link_hour INCLUDING ALL);
COMMENT ON TABLE v2x.link_hour IS 'speed m/s, flow vehicles an hour, queue m; samples: states with a known speed';

CREATE TABLE v2x.movement_hour (
    t timestamptz NOT NULL,
    from_link integer NOT NULL,
    to_link integer NOT NULL,
    vehicles integer NOT NULL,
    PRIMARY KEY (from_link, to_link, t)
);
CREATE INDEX movement_hour_t ON v2x.movement_hour (t);
COMMENT ON TABLE v2x.movement_hour IS 'Tracks that went from one link to another, by the hour in which they reached it';

CREATE TABLE v2x.link_profile (
    link integer NOT NULL,
    slot smallint NOT NULL CHECK (slot BETWEEN 0 AND 671),
    samples integer NOT NULL,
    speed real NOT NULL,
    speed_low real NOT NULL,
    PRIMARY KEY (link, slot)
);
COMMENT ON TABLE v2x.link_profile IS
    'Usual speed of a link in each quarter of an hour of the week, m/s; travel time is length over speed';
COMMENT ON COLUMN v2x.link_profile.slot IS '96 * (ISO day of the week - 1) + quarter of the day, UTC';
COMMENT ON COLUMN v2x.link_profile.speed_low IS '15th percentile';

-- From the mark of a sum up to the last whole step that has all its rows: rows come in the order of time.
CREATE FUNCTION v2x.next_stretch(sum_name text, oldest timestamptz, newest timestamptz, step interval,
    OUT first timestamptz, OUT beyond timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    SELECT upto INTO first FROM v2x.aggregate_mark WHERE name = sum_name;
    first := coalesce(first, date_bin(step, oldest, timestamptz 'epoch'));
    beyond := date_bin(step, newest, timestamptz 'epoch');
    IF beyond <= first THEN
        first := NULL;
        RETURN;
    END IF;
    INSERT INTO v2x.aggregate_mark VALUES (sum_name, beyond)
    ON CONFLICT (name) DO UPDATE SET upto = excluded.upto;
END
$$;

CREATE FUNCTION v2x.sum_quarters(now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    stretch record;
BEGIN
    IF v2x.timescale_edition() = 'community' THEN
        RETURN;
    END IF;
    SELECT * INTO stretch FROM v2x.next_stretch('link_quarter', (SELECT min(t) FROM v2x.link_state),
        (SELECT least(max(t), now) FROM v2x.link_state), interval '15 minutes');
    INSERT INTO v2x.link_quarter
    SELECT date_bin(interval '15 minutes', s.t, timestamptz 'epoch'), s.link,
        count(*) FILTER (WHERE s.speed >= 0), avg(s.speed) FILTER (WHERE s.speed >= 0) / 100,
        min(s.speed) FILTER (WHERE s.speed >= 0) / 100.0, avg(s.flow) FILTER (WHERE s.flow >= 0),
        max(s.queue), max(s.level)
    FROM v2x.link_state s WHERE s.t >= stretch.first AND s.t < stretch.beyond GROUP BY 1, s.link
    ON CONFLICT (link, t) DO NOTHING;
END
$$;

CREATE FUNCTION v2x.sum_links(target regclass, step interval, now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    stretch record;
BEGIN
    SELECT * INTO stretch FROM v2x.next_stretch(target::text, (SELECT min(t) FROM v2x.link_quarter),
        (SELECT least(max(t) + interval '15 minutes', now) FROM v2x.link_quarter), step);
    EXECUTE format(
        'INSERT INTO %s SELECT date_bin($1, t, timestamptz ''epoch''), link, sum(samples),'
        ' sum(speed * samples) / nullif(sum(samples), 0), min(speed_min), avg(flow), max(queue_max), max(level_max)'
        ' FROM v2x.link_quarter WHERE t >= $2 AND t < $3 GROUP BY 1, link ON CONFLICT (link, t) DO NOTHING', target)
    USING step, stretch.first, stretch.beyond;
END
$$;

CREATE FUNCTION v2x.sum_movements(now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    stretch record;
BEGIN
    SELECT * INTO stretch FROM v2x.next_stretch('movement_hour', (SELECT min(t) FROM v2x.track_link),
        (SELECT least(max(t), now) FROM v2x.track_link), interval '1 hour');
    INSERT INTO v2x.movement_hour
    SELECT date_bin(interval '1 hour', moved.t, timestamptz 'epoch'), moved.before, moved.link, count(*)
    FROM (
        SELECT t, link, lag(link) OVER (PARTITION BY session, track_id ORDER BY t) AS before FROM v2x.track_link
        WHERE t >= stretch.first - interval '1 minute' AND t < stretch.beyond AND link >= 0
    ) moved
    WHERE moved.t >= stretch.first AND moved.before <> moved.link GROUP BY 1, 2, 3
    ON CONFLICT (from_link, to_link, t) DO NOTHING;
END
$$;

CREATE FUNCTION v2x.make_profiles(now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    stretch record;
BEGIN
    SELECT * INTO stretch FROM v2x.next_stretch('link_profile', (SELECT min(t) FROM v2x.link_quarter),
        (SELECT least(max(t), now) FROM v2x.link_quarter), interval '1 day');
    IF stretch.first IS NULL THEN
        RETURN;
    END IF;
    DELETE FROM v2x.link_profile;
    INSERT INTO v2x.link_profile
    SELECT link, 96 * (extract(isodow FROM t AT TIME ZONE 'UTC') - 1)
            + extract(hour FROM t AT TIME ZONE 'UTC') * 4 + extract(minute FROM t AT TIME ZONE 'UTC')::integer / 15,
        sum(samples), sum(speed * samples) / sum(samples), percentile_cont(0.15) WITHIN GROUP (ORDER BY speed)
    FROM v2x.link_quarter
    WHERE t >= stretch.beyond - interval '56 days' AND t < stretch.beyond AND samples > 0
    GROUP BY 1, 2;
END
$$;

-- Mean speed of the tracks that a device was the source of, m/s; NULL where nobody was seen.
CREATE FUNCTION v2x.device_speed(of_device text, first timestamptz, beyond timestamptz)
RETURNS real LANGUAGE sql STABLE AS $$
    SELECT (avg(p.speed) / 100)::real
    FROM v2x.device_row r
    JOIN v2x.device_tracks d ON d.session = r.session AND d.device = r.device
        AND d.t >= first - interval '10 seconds' AND d.t < beyond
    CROSS JOIN LATERAL unnest(d.tracks) AS k (track_id)
    JOIN v2x.trajectory s ON s.session = d.session AND s.track_id = k.track_id
        AND s.t0 >= d.t - interval '1 second' AND s.t0 < d.t + interval '11 seconds' AND s.t1 >= first AND s.t0 < beyond
    CROSS JOIN LATERAL unnest(s.dt, s.speed) AS p (dt, speed)
    WHERE r.id = of_device AND s.t0 + p.dt * interval '1 ms' >= first AND s.t0 + p.dt * interval '1 ms' < beyond
$$;

CREATE FUNCTION v2x.judge_advisories(now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO v2x.advisory_effect
    SELECT a.created, a.id, n.t, coalesce(n.status, 'none'), v.before, v.after,
        v.after BETWEEN (a.content->>'speed_min_mps')::real - 1 AND (a.content->>'speed_max_mps')::real + 1
    FROM (
        SELECT * FROM v2x.advisory a WHERE a.created > now - interval '1 day' AND a.valid_until < now - interval '1 minute'
            AND NOT EXISTS (SELECT FROM v2x.advisory_effect e WHERE e.id = a.id AND e.created = a.created)
        ORDER BY a.created LIMIT 2000
    ) a
    LEFT JOIN LATERAL (
        SELECT t, status FROM v2x.acknowledgement WHERE reference = a.id AND t >= a.created - interval '1 minute'
        ORDER BY t DESC LIMIT 1
    ) n ON true
    CROSS JOIN LATERAL (
        SELECT v2x.device_speed(substr(a.target, 5), a.created - interval '5 seconds', a.created) AS before,
            v2x.device_speed(substr(a.target, 5), a.valid_until - interval '5 seconds', a.valid_until) AS after
        WHERE a.target LIKE 'obu:%' UNION ALL SELECT NULL, NULL WHERE a.target NOT LIKE 'obu:%'
    ) v;
END
$$;

CREATE FUNCTION v2x.aggregate(now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM v2x.sum_quarters(now);
    PERFORM v2x.sum_links('v2x.link_hour', interval '1 hour', now);
    PERFORM v2x.sum_links('v2x.link_day', interval '1 day', now);
    PERFORM v2x.sum_movements(now);
    PERFORM v2x.make_profiles(now);
    PERFORM v2x.judge_advisories(now);
    DELETE FROM v2x.observation_switch WHERE expires < now - interval '180 days';
END
$$;
COMMENT ON FUNCTION v2x.aggregate(timestamptz) IS 'Makes all sums that are due; safe to run at any time and as often as wanted.';

-- Retention as a policy of the server where it has one; v2x.maintain() drops what is left either way.
CREATE FUNCTION v2x.apply_retention() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    entry v2x.time_table;
    applied integer := 0;
BEGIN
    IF v2x.timescale_edition() IS DISTINCT FROM 'community' THEN
        RETURN 0;
    END IF;
    FOR entry IN SELECT * FROM v2x.time_table WHERE kind = 'hypertable' LOOP
        PERFORM remove_retention_policy(format('v2x.%I', entry.name)::regclass, if_exists => true);
        IF entry.keep IS NOT NULL THEN
            PERFORM add_retention_policy(format('v2x.%I', entry.name)::regclass, entry.keep);
            applied := applied + 1;
        END IF;
    END LOOP;
    RETURN applied;
END
$$;
COMMENT ON FUNCTION v2x.apply_retention() IS 'Run it after a change of v2x.time_table.keep.';
SELECT v2x.apply_retention();
