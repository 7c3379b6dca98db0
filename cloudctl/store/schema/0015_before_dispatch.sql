-- Timetables as they were uploaded.

CREATE TABLE v2x.timetable (
    digest bytea PRIMARY KEY,
    version text NOT NULL,
    uploaded timestamptz NOT NULL DEFAULT now(),
    uploaded_by text NOT NULL,
    content bytea NOT NULL
);
CREATE INDEX timetable_uploaded ON v2x.timetable (uploaded);
COMMENT ON TABLE v2x.timetable IS 'GTFS zip files; the engine reads the newest.';
