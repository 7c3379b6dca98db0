-- The register of devices, their groups, what was sent down to them, and the one role that may write these tables.

CREATE TABLE v2x.device_register (
    id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    kind text NOT NULL CHECK (kind IN ('rsu', 'obu', 'radar', 'camera', 'light_pole', 'parking_sensor',
        'signal_controller', 'lamp', 'screen', 'environment_sensor')),
    status text NOT NULL CHECK (status IN ('pending', 'approved', 'blocked', 'retired')),
    name text,
    parent text REFERENCES v2x.device_register (id),
    lon double precision CHECK (lon BETWEEN -180 AND 180),
    lat double precision CHECK (lat BETWEEN -90 AND 90),
    elevation double precision,
    coordinate_system text NOT NULL DEFAULT 'WGS-84' CHECK (coordinate_system IN ('WGS-84', 'CGCS2000', 'GCJ-02')),
    profile text NOT NULL DEFAULT 'v4' CHECK (profile IN ('v4', 'vn4', 'v3', 'd2')),
    dialect text NOT NULL DEFAULT 'standard',
    organisation text,
    district text,
    lawful_basis text,
    nominal_rates jsonb NOT NULL DEFAULT '{}',
    map_etag text,
    created timestamptz NOT NULL DEFAULT now(),
    updated timestamptz NOT NULL DEFAULT now(),
    approved_by text,
    approved_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    CHECK (parent <> id)
);
CREATE INDEX device_register_status ON v2x.device_register (status, id);
CREATE INDEX device_register_parent ON v2x.device_register (parent) WHERE parent IS NOT NULL;
COMMENT ON COLUMN v2x.device_register.coordinate_system IS 'in which the device gives positions; the place here is WGS-84';
COMMENT ON COLUMN v2x.device_register.nominal_rates IS 'Hz by name of the stream, where it differs from the table of streams';
COMMENT ON COLUMN v2x.device_register.map_etag IS 'of the MAP that the device said it has';

CREATE TABLE v2x.device_status (
    id text PRIMARY KEY REFERENCES v2x.device_register (id) ON DELETE CASCADE,
    info jsonb, info_at timestamptz,
    base_info jsonb, base_info_at timestamptz,
    running_info jsonb, running_info_at timestamptz
);
COMMENT ON TABLE v2x.device_status IS 'The last INFO, BaseINFO and RunningInfo of each device, as it sent them.';

CREATE TABLE v2x.device_group (
    id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL
);
CREATE TABLE v2x.device_group_member (
    group_id text NOT NULL REFERENCES v2x.device_group (id) ON DELETE CASCADE,
    device text NOT NULL REFERENCES v2x.device_register (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, device)
);
CREATE INDEX device_group_member_device ON v2x.device_group_member (device);

CREATE TABLE v2x.device_revision (
    revision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('config', 'map', 'management')),
    etag text,
    map_slice text,
    content jsonb NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    CHECK ((kind = 'map') = (etag IS NOT NULL))
);
CREATE UNIQUE INDEX device_revision_etag ON v2x.device_revision (etag) WHERE etag IS NOT NULL;
COMMENT ON TABLE v2x.device_revision IS 'What was to be sent down: configurations, MAPs, management orders. Never changed.';

CREATE TABLE v2x.device_delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device text NOT NULL REFERENCES v2x.device_register (id) ON DELETE CASCADE,
    revision bigint NOT NULL REFERENCES v2x.device_revision (revision),
    kind text NOT NULL,
    status text NOT NULL CHECK (status IN ('queued', 'sent', 'acknowledged', 'failed', 'connection_abnormal',
        'superseded', 'present')),
    detail text NOT NULL DEFAULT '',
    orders integer NOT NULL DEFAULT 0,
    created timestamptz NOT NULL DEFAULT now(),
    updated timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX device_delivery_device ON v2x.device_delivery (device, id);
CREATE INDEX device_delivery_open ON v2x.device_delivery (updated) WHERE status IN ('queued', 'sent');
COMMENT ON COLUMN v2x.device_delivery.orders IS 'how often the engine was told to send it';

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'v2x_device_writer') THEN
        CREATE ROLE v2x_device_writer NOLOGIN;
    END IF;
    GRANT USAGE ON SCHEMA v2x TO v2x_device_writer;
    GRANT SELECT, INSERT, UPDATE ON v2x.device_register, v2x.device_status, v2x.device_delivery TO v2x_device_writer;
    GRANT SELECT, INSERT ON v2x.device_revision TO v2x_device_writer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON v2x.device_group, v2x.device_group_member TO v2x_device_writer;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        RAISE NOTICE 'role v2x_device_writer was not made: %', SQLERRM;
END
$$;
