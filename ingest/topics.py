"""Which stream of the table a topic belongs to, and which device it names."""

from functools import cache

from ingest.streams import STREAMS, Direction, Stream

DEVICE = "{device}"


@cache
def _by_skeleton() -> dict[tuple[str, ...], Stream]:
    return {tuple(stream.topic.split("/")): stream for stream in STREAMS if stream.direction is Direction.UP}


@cache
def _device_levels() -> frozenset[int]:
    return frozenset(levels.index(DEVICE) for levels in _by_skeleton() if DEVICE in levels)


def find_uplink(topic: str) -> tuple[Stream, str | None] | None:
    """Find the uplink stream of a topic and the device in it (None where the payload names the device)."""
    levels = topic.split("/")
    stream = _by_skeleton().get(tuple(levels))
    if stream is not None:
        return stream, None
    for level in _device_levels():
        if level < len(levels):
            device = levels[level]
            stream = _by_skeleton().get((*levels[:level], DEVICE, *levels[level + 1 :]))
            if stream is not None:
                return stream, device
    return None
