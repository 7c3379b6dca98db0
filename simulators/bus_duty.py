"""A bus tells its duty: line, direction and trip every 10 s, as far as its terminal knows them."""

import zlib

import orjson

from simulators.fleet_units import milliseconds

EVERY = 10.0
"""s"""
SILENT_SHARE = 0.2
"""Share of buses whose terminal knows no line: they are found by where they run."""
TRIP_SHARE = 0.5
"""Share of the others whose terminal was given its trip by dispatch."""
CAPACITY = 80


def trip_told(vehicle: str) -> str:
    """Trip that the terminal of a vehicle of the city names, empty where it knows none; one vehicle runs one trip."""
    return vehicle if zlib.crc32(f"trip {vehicle}".encode()) / 2**32 < TRIP_SHARE else ""


class BusDuties:
    """What all buses say."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, int]] = {}

    def status(self, vid: str, vehicle: str, line: str, stamp: float) -> bytes | None:
        """Status of a bus where one is due, else None.

        Args:
            vid: Id of the terminal.
            vehicle: Name in the city; the letter behind the number of its service is the direction.
            line: Line.
            stamp: UTC epoch by the terminal's clock, s.
        """
        if not line or zlib.crc32(vehicle.encode()) / 2**32 < SILENT_SHARE:
            return None
        before, count = self._told.get(vid, (float("-inf"), 0))
        if stamp - before < EVERY:
            return None
        self._told[vid] = stamp, count + 1
        direction = int(vehicle.partition(".")[0].rstrip("e").endswith("b"))
        trip = trip_told(vehicle)
        return orjson.dumps(
            {
                "timestamp": milliseconds(stamp),
                "seq": count + 1,
                "line": line,
                "direction": direction,
                "capacity": CAPACITY,
                **({"trip": trip} if trip else {}),
            }
        )
