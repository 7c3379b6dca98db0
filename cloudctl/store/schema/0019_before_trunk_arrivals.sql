-- Arrivals of trunk lines that buses wait for: kept, so that a restart of engine or gateway forgets none.

CREATE TABLE v2x.trunk_arrival (
    stop text NOT NULL,
    line text NOT NULL,
    trunk text NOT NULL,
    arrival timestamptz NOT NULL,
    told timestamptz NOT NULL DEFAULT now(),
    told_by text NOT NULL,
    PRIMARY KEY (stop, line, trunk, arrival)
);
CREATE INDEX trunk_arrival_arrival ON v2x.trunk_arrival (arrival);
COMMENT ON TABLE v2x.trunk_arrival IS 'line: bus line that waits, empty for all of the stop; trunk: what stands on the train.';
