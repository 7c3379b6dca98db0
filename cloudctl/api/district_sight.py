"""What of the city, of incidents and desk work lies in whose district.

A place lies in the district of the nearest registered roadside device that has one, within `REACH_M`; beyond that it
lies in none and is everybody's. Until the register was read once, who is bound to districts sees nothing of them.
Road users, states of roads and advice of other districts are not sent (`cloudctl.api.district_frames`), and what is
stored of them is neither listed nor exported. Lights, car
parks and buses are the city's, whoever looks; a green corridor crosses districts and is open to all who may open one.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray

from cloudctl.access.actor import EVERY, Actor
from cloudctl.api.district_raster import Codes, DistrictRaster, Reals
from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.state_messages import IncidentState
from cloudctl.devices.record import DeviceRecord, DeviceType
from cloudctl.errors import CloudctlError

REFRESH_S = 10.0
BOUND = frozenset({Part.INCIDENTS, Part.DESK, Part.EVENTS, Part.HOLDS, Part.DEVICES})
"""Parts of the feed that differ by district."""
_log = structlog.get_logger("gateway.districts")
Items = Sequence[Mapping[str, object]]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
BOX_STEPS = 33
"""Along each side of a box that is tried for places of others."""


def _no_links() -> tuple[tuple[Reals, Reals], tuple[Reals, Reals]]:
    return (np.zeros(0), np.zeros(0)), (np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class LinkEnds:
    """Codes of the districts where every link begins and ends, as one raster tells them."""

    raster: DistrictRaster
    first: Codes
    last: Codes


@dataclass
class Districts:
    """The districts of a city, as the register of devices tells them."""

    signals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Place (lon, lat; deg) of each signal by id."""
    links: tuple[tuple[Reals, Reals], tuple[Reals, Reals]] = field(default_factory=_no_links)
    """Longitudes and latitudes (deg) where the links begin, and where they end, by row."""
    known: bool = False
    """The register was read."""
    of_device: dict[str, str] = field(default_factory=dict)
    raster: DistrictRaster = field(default_factory=lambda: DistrictRaster(()))
    """Another object whenever a border moved."""
    _ends: LinkEnds | None = None

    def take(self, records: Iterable[DeviceRecord]) -> None:
        """Take over the register."""
        of_device: dict[str, str] = {}
        places: list[tuple[float, float, str]] = []
        for record in records:
            if record.district and record.kind is not DeviceType.OBU:
                of_device[record.id] = record.district
                if record.lon is not None and record.lat is not None:
                    places.append((record.lon, record.lat, record.district))
        if tuple(places) != self.raster.places:
            self.raster = DistrictRaster(places)
        self.of_device = of_device
        self.known = True

    def at(self, lon: float, lat: float) -> str:
        """District of a place (deg); empty where none is near."""
        if not (math.isfinite(lon) and math.isfinite(lat)):
            return ""
        code = int(self.raster.codes(np.array([lon]), np.array([lat]))[0])
        return self.raster.names[code] if code >= 0 else ""

    def link_ends(self) -> LinkEnds:
        """Districts of both ends of every link, worked out once for each raster."""
        raster, ends = self.raster, self._ends
        if ends is None or ends.raster is not raster:
            ends = self._ends = LinkEnds(raster, *(raster.codes(lon, lat) for lon, lat in self.links))
        return ends

    async def keep(self, read: Callable[[], Coroutine[None, None, Mapping[str, DeviceRecord]]]) -> None:
        """Read the register again and again until cancelled; what is known stays while it cannot be read."""
        while True:
            try:
                records = (await read()).values()
                await asyncio.to_thread(self.take, records)
            except CloudctlError as fault:
                _log.debug("districts are as they were", reason=str(fault))
            await asyncio.sleep(REFRESH_S)

    def sight_of(self, actor: Actor) -> "DistrictSight | None":
        """Give what an actor may see; None where that is the whole city."""
        return None if EVERY in actor.districts else DistrictSight(actor, self)


@dataclass(frozen=True)
class DistrictSight:
    """The districts that an actor may see and work in."""

    actor: Actor
    districts: Districts
    parts: frozenset[Part] = BOUND

    @property
    def key(self) -> frozenset[str]:
        """Equal for all who may see the same."""
        return self.actor.districts

    def shown(self, raster: DistrictRaster) -> Flags:
        """Whether a place may be seen, by the raster's code of its district; the last stands for no district (-1)."""
        allowed = [self.districts.known and self.actor.in_district(name) for name in (*raster.names, "")]
        return np.array(allowed, bool)

    def place(self, lon: object, lat: object) -> bool:
        """Whether a place (deg) is the actor's."""
        if not self.districts.known or not isinstance(lon, int | float) or not isinstance(lat, int | float):
            return False
        return self.actor.in_district(self.districts.at(lon, lat))

    def places(self, lon: Reals, lat: Reals) -> Flags:
        """Which of many places (deg) are the actor's."""
        raster = self.districts.raster
        shown: Flags = self.shown(raster)[raster.codes(lon, lat)]
        return shown

    def links(self, rows: Rows) -> Flags:
        """Which links may be seen: those with an end in the actor's districts."""
        ends = self.districts.link_ends()
        shown = self.shown(ends.raster)
        return _known(rows, shown[ends.first] | shown[ends.last])

    def exits(self, rows: Rows) -> Flags:
        """Of which links the movements out of them may be seen: those that end in the actor's districts."""
        ends = self.districts.link_ends()
        return _known(rows, self.shown(ends.raster)[ends.last])

    def box(self, west: float, south: float, east: float, north: float) -> bool:
        """Whether all of a box (deg) is the actor's, as a grid of places tells."""
        lon, lat = np.meshgrid(np.linspace(west, east, BOX_STEPS), np.linspace(south, north, BOX_STEPS))
        own = self.places(lon.ravel(), lat.ravel()).all()
        corners = self.districts.raster.places
        within = (self.place(x, y) for x, y, _ in corners if west <= x <= east and south <= y <= north)
        return bool(own) and all(within)

    def device(self, device: str) -> bool:
        """Whether a device is the actor's; one in no district is everybody's."""
        return self.districts.known and self.actor.in_district(self.districts.of_device.get(device, ""))

    def stands(self, device: str) -> bool:
        """Whether a device stands in the actor's districts; vehicles stand nowhere."""
        return self.device(device) and device in self.districts.of_device

    def own_devices(self) -> list[str]:
        """Ids of all devices that stand in the actor's districts."""
        return [device for device in self.districts.of_device if self.stands(device)]

    def incident(self, incident: IncidentState | None) -> bool:
        """Whether an incident may be seen; one that nobody knows any more may not."""
        return incident is not None and self.place(incident.lon, incident.lat)

    def signal(self, signal: object) -> bool:
        """Whether a signal is the actor's."""
        place = self.districts.signals.get(str(signal))
        return place is not None and self.place(*place)

    def work(self, content: Mapping[str, object]) -> bool:
        """Whether an operator's event or hold is in the actor's districts."""
        if "signal" in content:
            several = content.get("signals")
            return any(self.signal(each) for each in (several if isinstance(several, list) else [content["signal"]]))
        return self.place(content.get("lon"), content.get("lat"))

    def content(self, part: Part, whole: dict[str, object], state: LiveState) -> dict[str, object]:
        """Give of a part of the feed what may be seen."""
        if part is Part.DEVICES:
            return {**whole, "devices": [each for each in state.devices if self.device(each.id)]}
        if part is Part.INCIDENTS:
            return {**whole, "items": [each for each in state.incidents.values() if self.incident(each)]}
        kept: dict[str, object] = {"items": [each for each in _list(whole, "items") if self._shows(part, each, state)]}
        if part is Part.DESK:
            kept["mutes"] = [each for each in _list(whole, "mutes") if self._mute(each)]
        return {**whole, **kept}

    def _mute(self, mute: Mapping[str, object]) -> bool:
        return mute.get("lon") is None or self.place(mute.get("lon"), mute.get("lat"))

    def _shows(self, part: Part, item: Mapping[str, object], state: LiveState) -> bool:
        if part is Part.DESK:
            return self.incident(state.incidents.get(str(item.get("incident_id"))))
        content = item.get("content")
        return isinstance(content, Mapping) and self.work(content)


def _known(rows: Rows, shown: Flags) -> Flags:
    """Take out of what is known of all links some rows; rows of another road network are nobody's."""
    known = (rows >= 0) & (rows < len(shown))
    found: Flags = np.zeros(len(rows), bool)
    found[known] = shown[rows[known]]
    return found


def _list(whole: Mapping[str, object], name: str) -> Items:
    found = whole.get(name)
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()
