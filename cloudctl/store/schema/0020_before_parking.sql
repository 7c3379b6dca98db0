-- Lots that were entered, and what was seen of each by the minute.

CREATE TABLE v2x.parking_lot (
    id text PRIMARY KEY,
    lot jsonb,
    updated timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_by text NOT NULL
);
COMMENT ON TABLE v2x.parking_lot IS 'Register of lots; lot null: taken out.';

SELECT v2x.create_time_table('parking_occupancy', 't', $columns$
    t timestamptz NOT NULL,
    lot text NOT NULL,
    occupied integer NOT NULL,
    capacity integer NOT NULL,
    arrived integer NOT NULL,
    departed integer NOT NULL
$columns$, interval '400 days');
CREATE UNIQUE INDEX parking_occupancy_lot ON v2x.parking_occupancy (lot, t);
COMMENT ON TABLE v2x.parking_occupancy IS 'One row a lot and minute: cars at its end, and how many came and went in it.';
