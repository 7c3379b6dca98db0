-- The platform's memory. Units are those of the wire: 1e-7 deg, 0.01 m/s, 0.01 deg, cm. Rows of the road network
-- (link, lane, grp) are those of the map named in v2x.engine_session.

CREATE TABLE v2x.engine_session (
    session bigint PRIMARY KEY,
    first_seen timestamptz NOT NULL,
    map text NOT NULL
);
COMMENT ON TABLE v2x.engine_session IS 'One life of the engine; track ids are unique within it.';

-- One row holds up to 10 s of one track; docs/decisions/0003-trajectory-storage.md has the figures.
SELECT v2x.create_time_table('trajectory', 't0', $columns$
    t0 timestamptz NOT NULL,
    t1 timestamptz NOT NULL,
    session bigint NOT NULL,
    track_id bigint NOT NULL,
    lon_min integer NOT NULL,
    lon_max integer NOT NULL,
    lat_min integer NOT NULL,
    lat_max integer NOT NULL,
    kind smallint NOT NULL,
    points smallint NOT NULL,
    dt smallint[] NOT NULL,
    lon integer[] NOT NULL,
    lat integer[] NOT NULL,
    speed smallint[] NOT NULL,
    heading smallint[] NOT NULL,
    sigma smallint[] NOT NULL,
    lane integer[] NOT NULL,
    device integer[] NOT NULL
$columns$, interval '180 days');
CREATE INDEX trajectory_track ON v2x.trajectory (session, track_id, t0);
CREATE INDEX trajectory_place ON v2x.trajectory USING brin (t0, lon_min, lat_min)
    WITH (pages_per_range = 8, autosummarize = on);
COMMENT ON COLUMN v2x.trajectory.dt IS 'ms after t0, one a point';
COMMENT ON COLUMN v2x.trajectory.heading IS '0.01 deg, -18000 .. 17999, clockwise from north';
COMMENT ON COLUMN v2x.trajectory.lane IS 'row of the lane, -1 off every lane; one element stands for all points';
COMMENT ON COLUMN v2x.trajectory.device IS 'row of the newest source, -1 unknown; one element stands for all points';

CREATE VIEW v2x.trajectory_point AS
    SELECT s.t0 + p.dt * interval '1 ms' AS t, s.session, s.track_id, s.kind,
        p.lon / 1e7::double precision AS lon, p.lat / 1e7::double precision AS lat,
        p.speed / 100.0::double precision AS speed, mod(p.heading + 36000, 36000) / 100.0::double precision AS heading,
        p.sigma / 100.0::double precision AS sigma, coalesce(p.lane, s.lane[1]) AS lane,
        coalesce(p.device, s.device[1]) AS device
    FROM v2x.trajectory s,
        unnest(s.dt, s.lon, s.lat, s.speed, s.heading, s.sigma, s.lane, s.device)
            AS p (dt, lon, lat, speed, heading, sigma, lane, device);
COMMENT ON VIEW v2x.trajectory_point IS 'One row a point: s, deg, m/s, deg clockwise from north, m.';

SELECT v2x.create_time_table('link_state', 't', $columns$
    t timestamptz NOT NULL,
    link integer NOT NULL,
    flow integer NOT NULL,
    speed smallint NOT NULL,
    queue smallint NOT NULL,
    level smallint NOT NULL,
    confidence smallint NOT NULL
$columns$, interval '400 days');
CREATE INDEX link_state_link ON v2x.link_state (link, t);
COMMENT ON TABLE v2x.link_state IS 'speed 0.01 m/s, queue m, flow vehicles an hour (each -1 where unknown), confidence 0..100';

SELECT v2x.create_time_table('signal_transition', 't', $columns$
    t timestamptz NOT NULL,
    grp integer NOT NULL,
    state smallint NOT NULL,
    previous smallint NOT NULL,
    confidence smallint NOT NULL
$columns$, interval '400 days');
CREATE INDEX signal_transition_group ON v2x.signal_transition (grp, t);
COMMENT ON COLUMN v2x.signal_transition.previous IS '-1 where the state before is not known';

CREATE TABLE v2x.incident (
    incident_id text PRIMARY KEY,
    kind text NOT NULL,
    started timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    ended timestamptz,
    lon double precision,
    lat double precision,
    link_id text,
    lane integer,
    confidence double precision,
    evidence text,
    tracks bigint[] NOT NULL
);
CREATE INDEX incident_started ON v2x.incident (started);

SELECT v2x.create_time_table('advisory', 'created', $columns$
    created timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    target text NOT NULL,
    reason text NOT NULL,
    reason_code text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    content jsonb NOT NULL,
    replaces text,
    PRIMARY KEY (id, created)
$columns$, interval '400 days');
CREATE INDEX advisory_created ON v2x.advisory (created);

SELECT v2x.create_time_table('acknowledgement', 't', $columns$
    t timestamptz NOT NULL,
    reference text NOT NULL,
    device text NOT NULL,
    stream text NOT NULL,
    status text NOT NULL,
    error_code integer,
    detail text
$columns$, interval '400 days');
CREATE INDEX acknowledgement_reference ON v2x.acknowledgement (reference);
COMMENT ON COLUMN v2x.acknowledgement.reference IS 'id of the advisory, or seqNum of the message';

SELECT v2x.create_time_table('device_event', 't', $columns$
    t timestamptz NOT NULL,
    received timestamptz NOT NULL,
    key bytea NOT NULL,
    stream text NOT NULL,
    device text NOT NULL,
    payload jsonb,
    raw bytea
$columns$, interval '400 days');
CREATE INDEX device_event_stream ON v2x.device_event (stream, device, t);
COMMENT ON COLUMN v2x.device_event.raw IS 'the bytes, where they are not JSON';

SELECT v2x.create_time_table('dead_letter', 't', $columns$
    t timestamptz NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL
$columns$, interval '30 days');
CREATE INDEX dead_letter_t ON v2x.dead_letter (t);

CREATE TABLE v2x.device (
    id text PRIMARY KEY,
    kind text,
    lon double precision,
    lat double precision,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    info jsonb NOT NULL
);
CREATE TABLE v2x.device_row (
    session bigint NOT NULL,
    device integer NOT NULL,
    id text NOT NULL,
    PRIMARY KEY (session, device)
);
COMMENT ON TABLE v2x.device_row IS 'Which device a row number in v2x.trajectory.device meant in a session.';

CREATE TABLE v2x.process_gap (
    kind smallint NOT NULL,
    session bigint NOT NULL,
    from_tick bigint NOT NULL,
    from_t timestamptz NOT NULL,
    to_t timestamptz NOT NULL,
    missed bigint,
    reason text NOT NULL,
    PRIMARY KEY (kind, session, from_tick, from_t)
);
COMMENT ON TABLE v2x.process_gap IS 'What was missed: frames of the engine that never arrived.';

-- Idempotent replay: frames and events that are stored already, kept as long as a replay can come.
CREATE TABLE v2x.frame_ledger (
    session bigint NOT NULL,
    kind smallint NOT NULL,
    tick bigint NOT NULL,
    t timestamptz NOT NULL,
    rows integer NOT NULL,
    PRIMARY KEY (kind, session, tick, t)
);
CREATE INDEX frame_ledger_t ON v2x.frame_ledger (kind, t);
CREATE TABLE v2x.event_key (
    key bytea PRIMARY KEY,
    received timestamptz NOT NULL,
    timed boolean NOT NULL
);
CREATE INDEX event_key_received ON v2x.event_key (received);
COMMENT ON COLUMN v2x.event_key.timed IS 'the message bears its own time, so that equal bytes are one event for ever';

CREATE TABLE v2x.store_counter (
    name text PRIMARY KEY,
    value bigint NOT NULL
);
COMMENT ON TABLE v2x.store_counter IS 'Rows stored since the beginning, counted in the transaction that stores them.';

CREATE FUNCTION v2x.maintain(now timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    today date := (now AT TIME ZONE 'UTC')::date;
    entry v2x.time_table;
    dropped integer := 0;
BEGIN
    PERFORM v2x.ensure_partitions(today - 1, today + 7);
    FOR entry IN SELECT * FROM v2x.time_table WHERE keep IS NOT NULL LOOP
        dropped := dropped + v2x.drop_before(entry, now - entry.keep);
    END LOOP;
    DELETE FROM v2x.frame_ledger WHERE t < now - interval '7 days';
    DELETE FROM v2x.event_key WHERE received < now - interval '7 days';
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION v2x.maintain(timestamptz) IS
    'Makes partitions ahead, drops what is older than its keep, returns the number of days dropped. Run it daily.';
