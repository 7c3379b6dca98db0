-- Native compression where the server's licence has it: after the replay horizon, so that no late row meets a compressed day.

DO $$
BEGIN
    IF v2x.timescale_edition() = 'community' THEN
        ALTER TABLE v2x.trajectory SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'session', timescaledb.compress_orderby = 'track_id, t0'
        );
        ALTER TABLE v2x.link_state SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'link', timescaledb.compress_orderby = 't'
        );
        PERFORM add_compression_policy('v2x.trajectory', interval '8 days', if_not_exists => true);
        PERFORM add_compression_policy('v2x.link_state', interval '8 days', if_not_exists => true);
    END IF;
END
$$;
