"""What each profile of MAP allows, and how a node that is too large is split (T/CSAE 53-2017 and 53-2020, 157-2020).

| bound | V3 | V4 | VN4, Day II |
|---|---|---|---|
| connections of a lane | 1..8 | 1..16 | 1..8 |
| width of a link | laneWidth, mandatory | linkWidth, optional | linkWidth, mandatory |
| width of a lane | absent | optional | optional |
| links of a node, lanes and movements of a link | 1..32 | 1..32 | 1..32 |

The parts of a split node bear the same node id; parts of one link have the same ends. A receiver joins them by these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

Fields = dict[str, object]
MAX_LINKS = 32
MAX_LANES = 32
MAX_MOVEMENTS = 32


@dataclass(frozen=True)
class MapBounds:
    """What one profile allows."""

    connections: int
    """Of a lane."""
    lane_width: bool
    """Whether lanes have a width of their own; else the link bears the mean as `laneWidth`."""


V3 = MapBounds(connections=8, lane_width=False)
V4 = MapBounds(connections=16, lane_width=True)
VN4 = MapBounds(connections=8, lane_width=True)
D2 = VN4
BOUNDS = {"v3": V3, "v4": V4, "vn4": VN4, "d2": D2}
"""By the name of the profile."""

# Sizes in bits: what a part takes at most beside the lists and names in it, UPER unaligned.
_NODE_BITS, _LINK_BITS, _LANE_BITS, _ENTRY_BITS, _POINT_BITS, _LETTER_BITS = 160, 110, 102, 75, 72, 7
_LIMIT_BITS = 22


def split_node(node: Fields, bounds: MapBounds, max_bytes: int | None = None) -> list[Fields]:
    """Split one node of any size into nodes within bounds; a single link may still be larger than `max_bytes`."""
    links = [part for link in _list(node, "inLinks") for part in _split_link(link, bounds)]
    if not links:
        return [node]
    return [{**node, "inLinks": own} for own in _packed(links, _NODE_BITS + _letters(node), max_bytes)]


def estimated_bytes(node: Fields) -> int:
    """Upper bound of the size of a MAP with this one node in UPER."""
    return -(-(_NODE_BITS + _letters(node) + sum(map(_link_bits, _list(node, "inLinks")))) // 8)


def _packed(links: list[Fields], base: int, max_bytes: int | None) -> Iterator[list[Fields]]:
    """Fill message after message in order."""
    pack: list[Fields] = []
    used = base
    for link in links:
        size = _link_bits(link)
        if pack and (len(pack) == MAX_LINKS or (max_bytes is not None and used + size > 8 * max_bytes)):
            yield pack
            pack, used = [], base
        pack.append(link)
        used += size
    yield pack


def _split_link(link: Fields, bounds: MapBounds) -> Iterator[Fields]:
    lanes, movements = _list(link, "lanes"), _list(link, "movements")
    most = max([len(_list(lane, "connectsTo")) for lane in lanes], default=0)
    rounds = max(-(-most // bounds.connections), 1)
    chunks = [
        [_lane(lane, bounds, turn) for lane in lanes[first : first + MAX_LANES]]
        for first in range(0, len(lanes), MAX_LANES)
        for turn in range(rounds)
    ]
    chunks += [chunks[0]] * (-(-len(movements) // MAX_MOVEMENTS) - len(chunks))
    for row, chunk in enumerate(chunks):
        part = {**link, "lanes": chunk}
        part.pop("movements", None)
        own = movements[row * MAX_MOVEMENTS : (row + 1) * MAX_MOVEMENTS]
        if own:
            part["movements"] = own
        if not bounds.lane_width:
            total = cast("int", part.pop("linkWidth", 0))
            part["laneWidth"] = round(total / max(len(lanes), 1))
        yield part


def _lane(lane: Fields, bounds: MapBounds, turn: int) -> Fields:
    part = dict(lane)
    entries = _list(part, "connectsTo")[turn * bounds.connections : (turn + 1) * bounds.connections]
    part.pop("connectsTo", None)
    if entries:
        part["connectsTo"] = entries
    if not bounds.lane_width:
        part.pop("laneWidth", None)
    return part


def _link_bits(link: Fields) -> int:
    bits = _LINK_BITS + _letters(link) + _ENTRY_BITS * len(_list(link, "movements"))
    bits += _POINT_BITS * len(_list(link, "points")) + _LIMIT_BITS * len(_list(link, "speedLimits"))
    for lane in _list(link, "lanes"):
        bits += _LANE_BITS + _ENTRY_BITS * len(_list(lane, "connectsTo")) + _POINT_BITS * len(_list(lane, "points"))
        bits += _LIMIT_BITS * len(_list(lane, "speedLimits"))
    return bits


def _letters(fields: Fields) -> int:
    return _LETTER_BITS * len(str(fields.get("name", "")))


def _list(fields: Fields, name: str) -> list[Fields]:
    return cast("list[Fields]", fields.get(name, []))
