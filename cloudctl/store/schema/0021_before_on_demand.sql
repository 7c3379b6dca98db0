-- Customised buses: vehicles and riders' requests. A request holds no name; after service it is made coarse, then deleted.

CREATE TABLE v2x.ride_vehicle (
    id text PRIMARY KEY,
    content jsonb NOT NULL,
    updated timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE v2x.ride (
    id text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('accepted', 'aboard', 'done', 'cancelled')),
    content jsonb NOT NULL,
    latest timestamptz NOT NULL,
    coarse boolean NOT NULL DEFAULT false
);
CREATE INDEX ride_latest ON v2x.ride (latest);
COMMENT ON COLUMN v2x.ride.coarse IS 'Token of the rider removed, times cut to the hour, places to about a kilometre.';
