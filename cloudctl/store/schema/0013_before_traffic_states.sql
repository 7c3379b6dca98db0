-- State of movements and of intersections, as the engine publishes them.

SELECT v2x.create_time_table('movement_state', 't', $columns$
    t timestamptz NOT NULL,
    from_link integer NOT NULL,
    to_link integer NOT NULL,
    flow integer NOT NULL,
    share smallint NOT NULL,
    delay integer NOT NULL,
    stops integer NOT NULL,
    travel_time integer NOT NULL,
    queue integer NOT NULL,
    queued integer NOT NULL,
    spill_back smallint NOT NULL,
    level smallint NOT NULL,
    confidence smallint NOT NULL
$columns$, interval '400 days');
CREATE INDEX movement_state_from ON v2x.movement_state (from_link, t);
COMMENT ON TABLE v2x.movement_state IS
    'flow vehicles an hour, share 0..100, delay and travel_time 0.1 s, stops 0.01 a vehicle, queue m (each -1 where unknown), confidence 0..100';

SELECT v2x.create_time_table('intersection_state', 't', $columns$
    t timestamptz NOT NULL,
    signal integer NOT NULL,
    flow integer NOT NULL,
    delay integer NOT NULL,
    stops integer NOT NULL,
    queue integer NOT NULL,
    queued integer NOT NULL,
    spill_back smallint NOT NULL,
    level smallint NOT NULL,
    confidence smallint NOT NULL
$columns$, interval '400 days');
CREATE INDEX intersection_state_signal ON v2x.intersection_state (signal, t);
COMMENT ON TABLE v2x.intersection_state IS
    'signal: row of the road network; flow vehicles an hour, delay 0.1 s, stops 0.01 a vehicle, queue m (each -1 where unknown), confidence 0..100';

DO $$
BEGIN
    IF v2x.timescale_edition() = 'community' THEN
        ALTER TABLE v2x.movement_state SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'from_link', timescaledb.compress_orderby = 't'
        );
        ALTER TABLE v2x.intersection_state SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'signal', timescaledb.compress_orderby = 't'
        );
        PERFORM add_compression_policy('v2x.movement_state', interval '8 days', if_not_exists => true);
        PERFORM add_compression_policy('v2x.intersection_state', interval '8 days', if_not_exists => true);
    END IF;
END
$$;
