-- Experiments: a named area, a period before and a period after a change, and what came of it.

CREATE TABLE v2x.experiment (
    id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    note text NOT NULL DEFAULT '',
    links text[] NOT NULL CHECK (cardinality(links) > 0),
    polygon jsonb,
    before_from timestamptz NOT NULL,
    before_to timestamptz NOT NULL,
    after_from timestamptz NOT NULL,
    after_to timestamptz NOT NULL,
    measures text[] NOT NULL CHECK (cardinality(measures) > 0),
    bin_s integer NOT NULL CHECK (bin_s BETWEEN 60 AND 3600),
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    created_name text NOT NULL,
    result jsonb,
    computed timestamptz,
    CHECK (before_from < before_to AND after_from < after_to AND before_to <= after_from)
);
CREATE INDEX experiment_created ON v2x.experiment (created DESC, id);
COMMENT ON COLUMN v2x.experiment.links IS 'ids of links; with a polygon those that had their middle in it when the experiment was made';
COMMENT ON COLUMN v2x.experiment.result IS 'kept once the period after is over';

DO $$
BEGIN
    GRANT SELECT, INSERT, UPDATE ON v2x.experiment TO v2x_desk_writer;
EXCEPTION
    WHEN insufficient_privilege OR undefined_object THEN
        RAISE NOTICE 'role v2x_desk_writer was not granted experiment: %', SQLERRM;
END
$$;
