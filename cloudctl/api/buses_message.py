"""The buses as the live map shows them: line, place, lateness and headway; predictions of arrivals are asked for."""

from cloudctl.api.line_sight import LineSight
from cloudctl.api.live_state import LiveState


def buses_message(state: LiveState, sight: LineSight | None = None) -> dict[str, object]:
    """Text of the feed, of the lines in sight (None for all); empty before the first word of the bus network."""
    transit = state.transit
    return {
        "type": "transit",
        "time": None if transit is None else transit.time,
        "buses": [
            {
                "vehicle": bus.vehicle,
                "line": bus.line,
                "direction": bus.direction,
                "lon": bus.lon,
                "lat": bus.lat,
                "lateness": bus.lateness,
                "headway": bus.headway_ahead,
            }
            for bus in (() if transit is None else transit.buses)
            if sight is None or sight.line(bus.line)
        ],
    }
