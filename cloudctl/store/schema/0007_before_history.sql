-- What questions about the past need: where a track drove, which device saw it, what devices reported of themselves,
-- what came of an advisory, raw observations where somebody asked for them, and sums over time.

-- One row for each link that a row of v2x.trajectory touches.
SELECT v2x.create_time_table('track_link', 't', $columns$
    t timestamptz NOT NULL,
    session bigint NOT NULL,
    track_id bigint NOT NULL,
    link integer NOT NULL,
    last integer NOT NULL,
    dwell smallint NOT NULL,
    distance integer NOT NULL,
    entry_speed smallint NOT NULL
$columns$, interval '180 days');
CREATE INDEX track_link_link ON v2x.track_link (link, t);
COMMENT ON TABLE v2x.track_link IS 'A stretch of a track on one link, cut every ten seconds.';
COMMENT ON COLUMN v2x.track_link.last IS 'ms from t to the last point on the link';
COMMENT ON COLUMN v2x.track_link.dwell IS 'ms spent on the link: points times the time between points';
COMMENT ON COLUMN v2x.track_link.distance IS 'cm driven on the link: speed over dwell';

-- One row for each device and ten seconds, with the tracks whose newest source it was.
SELECT v2x.create_time_table('device_tracks', 't', $columns$
    t timestamptz NOT NULL,
    session bigint NOT NULL,
    device integer NOT NULL,
    tracks bigint[] NOT NULL
$columns$, interval '180 days');
CREATE INDEX device_tracks_device ON v2x.device_tracks (session, device, t);
CREATE INDEX device_row_id ON v2x.device_row (id);
COMMENT ON COLUMN v2x.device_tracks.tracks IS 'track_id of each';

SELECT v2x.create_time_table('device_health', 't', $columns$
    t timestamptz NOT NULL,
    device text NOT NULL,
    online boolean NOT NULL,
    rates jsonb NOT NULL,
    refused jsonb NOT NULL,
    missing bigint NOT NULL,
    shed bigint NOT NULL,
    clock_offset real,
    latency real,
    PRIMARY KEY (device, t)
$columns$, interval '400 days');
COMMENT ON TABLE v2x.device_health IS 'What the platform saw of each device, once a minute; clock_offset and latency in s';

-- What came of an advisory: filled by v2x.aggregate() once its time is over.
SELECT v2x.create_time_table('advisory_effect', 'created', $columns$
    created timestamptz NOT NULL,
    id text NOT NULL,
    answered timestamptz,
    status text NOT NULL,
    speed_before real,
    speed_after real,
    followed boolean
$columns$, interval '400 days');
CREATE INDEX advisory_effect_id ON v2x.advisory_effect (id);
COMMENT ON TABLE v2x.advisory_effect IS
    'status: the answer, or none; speeds m/s of the addressee before and after; followed: after lies in the advised band';

-- Raw observations: off, and on for a device or an area for as long as somebody asked.
CREATE TABLE v2x.observation_switch (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device text,
    west double precision,
    south double precision,
    east double precision,
    north double precision,
    made timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    made_by text NOT NULL,
    purpose text NOT NULL,
    CHECK ((device IS NULL) <> (west IS NULL)),
    CHECK ((west IS NULL) = (south IS NULL) AND (west IS NULL) = (east IS NULL) AND (west IS NULL) = (north IS NULL)),
    CHECK (expires <= made + interval '7 days')
);
SELECT v2x.create_time_table('observation', 't', $columns$
    t timestamptz NOT NULL,
    received timestamptz NOT NULL,
    key bytea NOT NULL,
    stream text NOT NULL,
    device text NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (device, t, key)
$columns$, interval '14 days');

CREATE FUNCTION v2x.observed_devices(now timestamptz) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT device FROM v2x.observation_switch WHERE expires > now AND device IS NOT NULL
    UNION
    SELECT d.id FROM v2x.observation_switch s JOIN v2x.device d
        ON d.lon BETWEEN s.west AND s.east AND d.lat BETWEEN s.south AND s.north
    WHERE s.expires > now AND s.device IS NULL
$$;
COMMENT ON FUNCTION v2x.observed_devices(timestamptz) IS 'Devices whose raw observations are to be kept now.';

-- Everything that this schema holds of one track; returns the number of rows that went or changed.
CREATE FUNCTION v2x.forget_track(of_session bigint, of_track bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz;
    beyond timestamptz;
    touched bigint;
    total bigint := 0;
BEGIN
    SELECT min(t0), max(t1) + interval '1 second' INTO first, beyond
    FROM v2x.trajectory WHERE session = of_session AND track_id = of_track;
    IF first IS NOT NULL THEN
        DELETE FROM v2x.track_link
        WHERE t >= first AND t < beyond AND session = of_session AND track_id = of_track;
        GET DIAGNOSTICS touched = ROW_COUNT;
        total := total + touched;
        UPDATE v2x.device_tracks SET tracks = array_remove(tracks, of_track)
        WHERE t >= first - interval '10 seconds' AND t < beyond AND session = of_session
            AND of_track = ANY (tracks);
        GET DIAGNOSTICS touched = ROW_COUNT;
        total := total + touched;
    END IF;
    DELETE FROM v2x.trajectory WHERE session = of_session AND track_id = of_track;
    GET DIAGNOSTICS touched = ROW_COUNT;
    RETURN total + touched;
END
$$;
