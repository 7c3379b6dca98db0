"""Frames of the live picture cut to districts: made once for all who may see the same ones.

A road user is where it is; a link is in the districts of both its ends, so that nobody misses what comes over the
border; a movement is in those of the link that it leaves. Lights are sent into the air for everybody and stay whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cloudctl.api.district_raster import Codes, DistrictRaster
from cloudctl.api.district_sight import DistrictSight
from cloudctl.api.live_state import LiveFrame, Part
from cloudctl.publish.frames import Frame, encode_frame

KEPT = 64
"""Sets of districts whose frames are kept."""
LINK_COLUMNS: Mapping[Part, str] = {Part.LINKS: "link", Part.MOVEMENTS: "from"}
"""Column with the link by part."""
CUT = frozenset({Part.MOVERS, *LINK_COLUMNS})
_E7 = 1e-7

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class _Ends:
    """Districts of both ends of every link, as one raster tells them."""

    raster: DistrictRaster
    first: Codes
    last: Codes


class DistrictFrames:
    """Cuts each frame once for each set of districts."""

    def __init__(self) -> None:
        self._cuts: dict[tuple[Part, frozenset[str]], tuple[LiveFrame, DistrictRaster, LiveFrame]] = {}
        self._places: tuple[LiveFrame, DistrictRaster, Codes] | None = None
        self._ends: _Ends | None = None

    def of(self, part: Part, live: LiveFrame, sight: DistrictSight) -> LiveFrame:
        """Give of a frame the rows that may be seen; the very same object until the frame or a border changes."""
        if part not in CUT:
            return live
        raster, key = sight.districts.raster, (part, sight.key)
        known = self._cuts.pop(key, None)
        if known is None or known[0] is not live or known[1] is not raster:
            known = (live, raster, self._cut(part, live, sight))
        self._cuts[key] = known  # the latest used last
        if len(self._cuts) > KEPT * len(CUT):
            del self._cuts[next(iter(self._cuts))]
        return known[2]

    def _cut(self, part: Part, live: LiveFrame, sight: DistrictSight) -> LiveFrame:
        frame = live.frame
        shown = self._movers(live, sight) if part is Part.MOVERS else self._linked(frame, LINK_COLUMNS[part], sight)
        rows = np.flatnonzero(shown)
        if len(rows) == len(frame):
            return LiveFrame(live.raw, frame, live.received)
        columns = {name: column[rows] for name, column in frame.columns.items()}
        cut = replace(frame, columns=columns)
        raw = encode_frame(frame.kind, frame.tick, frame.time, columns, epoch=frame.epoch, key=frame.key)
        return LiveFrame(raw, cut, live.received)

    def _movers(self, live: LiveFrame, sight: DistrictSight) -> Flags:
        raster = sight.districts.raster
        if self._places is None or self._places[0] is not live or self._places[1] is not raster:
            lon, lat = (live.frame.column(name).astype(np.float64) * _E7 for name in ("lon", "lat"))
            self._places = (live, raster, raster.codes(lon, lat))
        shown: Flags = sight.shown[self._places[2]]
        return shown

    def _linked(self, frame: Frame, column: str, sight: DistrictSight) -> Flags:
        ends = self._ends_of(sight)
        links = frame.column(column).astype(np.int64)
        known = np.flatnonzero(links < len(ends.first))
        shown: Flags = np.zeros(len(links), bool)
        first, last = ends.first[links[known]], ends.last[links[known]]
        shown[known] = sight.shown[last] if column == "from" else sight.shown[first] | sight.shown[last]
        return shown

    def _ends_of(self, sight: DistrictSight) -> _Ends:
        raster, places = sight.districts.raster, sight.districts.links
        if self._ends is None or self._ends.raster is not raster:
            self._ends = _Ends(raster, *(raster.codes(lon, lat) for lon, lat in places))
        return self._ends
