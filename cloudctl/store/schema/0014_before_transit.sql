-- Buses at their stops, what dispatch was advised and asked for. Messages are taken once by v2x.event_key.

SELECT v2x.create_time_table('stop_visit', 'arrival', $columns$
    arrival timestamptz NOT NULL,
    departure timestamptz NOT NULL,
    vehicle text NOT NULL,
    line text NOT NULL,
    direction smallint NOT NULL,
    pattern text NOT NULL,
    number smallint NOT NULL,
    stop text NOT NULL,
    trip text NOT NULL,
    planned_headway real
$columns$, interval '400 days');
CREATE INDEX stop_visit_line ON v2x.stop_visit (line, arrival);
COMMENT ON TABLE v2x.stop_visit IS 'number: of the stop in the pattern, from 0; trip: trip id @ service day; planned_headway s';

CREATE TABLE v2x.dispatch_advice (
    id text NOT NULL,
    status text NOT NULL,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    kind text NOT NULL,
    vehicle text NOT NULL,
    line text NOT NULL,
    trip text NOT NULL,
    stop text NOT NULL,
    seconds real NOT NULL,
    speed real NOT NULL,
    said_by text NOT NULL,
    reason text NOT NULL,
    expected jsonb NOT NULL,
    PRIMARY KEY (id, status)
);
CREATE INDEX dispatch_advice_created ON v2x.dispatch_advice (created);
COMMENT ON TABLE v2x.dispatch_advice IS 'One row for each status that an advice came to; seconds to hold, speed m/s.';

CREATE TABLE v2x.priority_request (
    id text NOT NULL,
    status text NOT NULL,
    requested timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    vehicle text NOT NULL,
    line text NOT NULL,
    trip text NOT NULL,
    signal text NOT NULL,
    seconds real NOT NULL,
    gained real,
    reason text NOT NULL,
    PRIMARY KEY (id, status)
);
CREATE INDEX priority_request_requested ON v2x.priority_request (requested);
COMMENT ON TABLE v2x.priority_request IS 'One row for each status of a request of dispatch; seconds of green changed, gained s.';
