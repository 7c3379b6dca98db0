-- What operators ask of the platform and of devices: events they publish, signals they hold, corridors they open.

CREATE TABLE v2x.operator_work (
    id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    kind text NOT NULL CHECK (kind IN ('event', 'hold', 'corridor')),
    status text NOT NULL CHECK (status IN ('proposed', 'active', 'ended', 'refused')),
    revision integer NOT NULL DEFAULT 1,
    content jsonb NOT NULL,
    result jsonb NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    created_name text NOT NULL,
    until timestamptz NOT NULL,
    updated timestamptz NOT NULL DEFAULT now(),
    ended timestamptz,
    ended_by text
);
CREATE INDEX operator_work_open ON v2x.operator_work (until) WHERE status IN ('proposed', 'active');
CREATE INDEX operator_work_created ON v2x.operator_work (kind, created DESC);
COMMENT ON COLUMN v2x.operator_work.result IS 'what the engine last said of it: deliveries, requests held back, progress';
COMMENT ON COLUMN v2x.operator_work.ended_by IS 'account, or platform where it came to its own end';

DO $$
BEGIN
    GRANT SELECT, INSERT, UPDATE ON v2x.operator_work TO v2x_desk_writer;
EXCEPTION
    WHEN insufficient_privilege OR undefined_object THEN
        RAISE NOTICE 'role v2x_desk_writer was not granted operator_work: %', SQLERRM;
END
$$;
