"""What can be wrong with a bus network.

TransitError
├── TimetableError       a GTFS source cannot be used at all
└── PatternError         a line cannot be laid onto the road network
"""

from cloudctl.errors import CloudctlError


class TransitError(CloudctlError):
    """Base of all errors of the bus network."""


class TimetableError(TransitError):
    """A GTFS source cannot be used; `source` names it, `detail` the offending file and value."""

    def __init__(self, source: object, detail: str) -> None:
        super().__init__(f"timetable {source}: {detail}")
        self.source = source
        self.detail = detail


class PatternError(TransitError):
    """The calls of a line cannot be joined over the road network; `pattern` and `stop` name where."""

    def __init__(self, pattern: str, stop: str, detail: str) -> None:
        super().__init__(f"line pattern {pattern}: stop {stop!r}: {detail}")
        self.pattern = pattern
        self.stop = stop
