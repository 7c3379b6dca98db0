"""Frames of the live picture cut to districts: made once for all who may see the same ones.

A road user is where it is; a link is in the districts of both its ends, so that nobody misses what comes over the
border; a movement is in those of the link that it leaves. Lights are sent into the air for everybody and stay whole.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cloudctl.api.district_raster import Codes, DistrictRaster
from cloudctl.api.district_sight import DistrictSight, Flags
from cloudctl.api.live_state import LiveFrame, Part
from cloudctl.publish.frames import Frame, encode_frame

KEPT = 64
"""Sets of districts whose frames are kept."""
LINK_COLUMNS: Mapping[Part, str] = {Part.LINKS: "link", Part.MOVEMENTS: "from"}
"""Column with the link by part."""
CUT = frozenset({Part.MOVERS, *LINK_COLUMNS})
_E7 = 1e-7


class DistrictFrames:
    """Cuts each frame once for each set of districts."""

    def __init__(self) -> None:
        self._cuts: dict[tuple[Part, frozenset[str]], tuple[LiveFrame, DistrictRaster, LiveFrame]] = {}
        self._places: tuple[LiveFrame, DistrictRaster, Codes] | None = None

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
        shown = self._movers(live, sight) if part is Part.MOVERS else _linked(frame, LINK_COLUMNS[part], sight)
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
        shown: Flags = sight.shown(raster)[self._places[2]]
        return shown


def _linked(frame: Frame, column: str, sight: DistrictSight) -> Flags:
    links = frame.column(column).astype(np.int64)
    return sight.exits(links) if column == "from" else sight.links(links)
