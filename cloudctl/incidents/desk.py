"""The desk as a gateway runs it: incidents with priority and handling, mutes, and operators' work, shown live."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from cloudctl.database import Database
from cloudctl.errors import CloudctlError
from cloudctl.incidents.errors import WorkError
from cloudctl.incidents.folding import Spot, apart, fold
from cloudctl.incidents.handling import Handling, HandlingStore, Mute
from cloudctl.incidents.priority import Sign, points, priority
from cloudctl.incidents.work import WorkState
from cloudctl.incidents.work_desk import WorkDesk

REFRESH_S = 1.0
_log = structlog.get_logger("gateway.desk")


class OpenIncident(Protocol):
    """What the desk needs to know of an incident."""

    @property
    def incident_id(self) -> str: ...  # noqa: D102  # named for itself, as are those below
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def started(self) -> float: ...  # noqa: D102
    @property
    def lon(self) -> float: ...  # noqa: D102
    @property
    def lat(self) -> float: ...  # noqa: D102
    @property
    def link(self) -> int: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102


class Desk:
    """Refreshes what browsers are shown of desk work, and tells when it has changed."""

    def __init__(
        self, database: Database, work: WorkDesk, road_class: Sequence[int], clock: Callable[[], float]
    ) -> None:
        self._database = database
        self.handling = HandlingStore(database)
        self.work = work
        self._road_class, self._clock = road_class, clock
        self._known: dict[str, Handling] = {}
        self.mutes: list[Mute] = []
        self.reachable = False

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold connections for the block."""
        async with self._database.opened():
            yield

    async def run(
        self,
        incidents: Callable[[], Sequence[OpenIncident]],
        state: Callable[[], WorkState | None],
        shown: Callable[[dict[str, object], dict[str, list[object]]], None],
    ) -> None:
        """Look once a second until cancelled; `shown` gets the incident desk and operators' work by kind."""
        async with self.opened():
            while True:
                await self.look(incidents, state, shown)
                await asyncio.sleep(REFRESH_S)

    async def look(
        self,
        incidents: Callable[[], Sequence[OpenIncident]],
        state: Callable[[], WorkState | None],
        shown: Callable[[dict[str, object], dict[str, list[object]]], None],
    ) -> None:
        """Read what is stored, bring the engine into step, and show both; without a database what is known stays."""
        try:
            self._known = {each.incident_id: each for each in await self.handling.list_handling()}
            self.mutes = await self.handling.list_mutes()
            await self.work.keep_in_step(state())
            self._note_reachable(reachable=True)
        except WorkError as fault:
            self._note_reachable(reachable=False, reason=str(fault))
        except CloudctlError as fault:
            _log.warning("desk work is behind", reason=str(fault))
        shown(self.view(incidents()), self.work_view())

    def view(self, incidents: Sequence[OpenIncident]) -> dict[str, object]:
        """Give the desk: each open incident with priority, group, handling and whether it is muted."""
        now = self._clock()
        leaders = fold(Spot(each.incident_id, each.kind, each.started, each.lon, each.lat) for each in incidents)
        items = [self._item(each, leaders[each.incident_id], now) for each in incidents]
        mutes = [mute._asdict() for mute in self.mutes if mute.expires > now]
        return {"items": items, "mutes": mutes, "reachable": self.reachable}

    def has_handled(self, incident: str) -> bool:
        """Tell whether anything was done about an incident of late."""
        return incident in self._known

    def work_view(self) -> dict[str, list[object]]:
        """Give operators' work by kind."""
        found: dict[str, list[object]] = {"event": [], "hold": [], "corridor": []}
        for work in self.work.work:
            found[work.kind].append(work._asdict())
        return found

    def _item(self, incident: OpenIncident, leader: str, now: float) -> dict[str, object]:
        known = 0 <= incident.link < len(self._road_class)
        road = int(self._road_class[incident.link]) if known else None
        sign = Sign(incident.kind, road, incident.confidence, now - incident.started)
        handled: Mapping[str, object] = {}
        if incident.incident_id in self._known:
            handled = self._known[incident.incident_id]._asdict()
        muted = next((mute.id for mute in self.mutes if mute.expires > now and _mutes(mute, incident)), None)
        return {
            **handled,
            "incident_id": incident.incident_id,
            "priority": priority(sign),
            "points": round(points(sign)),
            "group": leader,
            "mute": muted,
        }

    def _note_reachable(self, *, reachable: bool, reason: str = "") -> None:
        if self.reachable and not reachable:
            _log.warning("desk work is not reachable", reason=reason)
        self.reachable = reachable


def _mutes(mute: Mute, incident: OpenIncident) -> bool:
    if mute.kind is not None and mute.kind != incident.kind:
        return False
    if mute.lon is None or mute.lat is None or mute.radius_m is None:
        return True
    return apart(mute.lon, mute.lat, incident.lon, incident.lat) <= mute.radius_m
