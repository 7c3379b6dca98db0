-- What operators do about incidents: who saw to which, when, what was noted, and what is muted until when.

CREATE TABLE v2x.incident_handling (
    incident_id text PRIMARY KEY CHECK (length(incident_id) BETWEEN 1 AND 200),
    acknowledged_by text, acknowledged_name text, acknowledged timestamptz,
    assignee text, assigned_by text, assigned timestamptz,
    updated timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX incident_handling_updated ON v2x.incident_handling (updated);

CREATE TABLE v2x.incident_act (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id text NOT NULL,
    t timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    actor_name text NOT NULL,
    act text NOT NULL CHECK (act IN ('acknowledge', 'assign', 'note')),
    body text NOT NULL DEFAULT ''
);
CREATE INDEX incident_act_incident ON v2x.incident_act (incident_id, id);
COMMENT ON TABLE v2x.incident_act IS 'What was done about each incident, by whom and when. Never changed.';

CREATE TABLE v2x.incident_mute (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text,
    lon double precision CHECK (lon BETWEEN -180 AND 180),
    lat double precision CHECK (lat BETWEEN -90 AND 90),
    radius_m double precision CHECK (radius_m > 0),
    reason text NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    created_name text NOT NULL,
    expires timestamptz NOT NULL,
    lifted timestamptz,
    lifted_by text,
    CHECK (kind IS NOT NULL OR lon IS NOT NULL),
    CHECK ((lon IS NULL) = (lat IS NULL) AND (lon IS NULL) = (radius_m IS NULL))
);
CREATE INDEX incident_mute_open ON v2x.incident_mute (expires) WHERE lifted IS NULL;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'v2x_desk_writer') THEN
        CREATE ROLE v2x_desk_writer NOLOGIN;
    END IF;
    GRANT USAGE ON SCHEMA v2x TO v2x_desk_writer;
    GRANT SELECT, INSERT, UPDATE ON v2x.incident_handling, v2x.incident_mute TO v2x_desk_writer;
    GRANT SELECT, INSERT ON v2x.incident_act TO v2x_desk_writer;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        RAISE NOTICE 'role v2x_desk_writer was not made: %', SQLERRM;
END
$$;
