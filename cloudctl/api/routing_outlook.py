"""Travel times ahead in the gateway: the newest picture, drawn to what the database holds as usual."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.stored_history import StoredHistory
from cloudctl.routing.outlook import Outlook, Usual, arc_times, free_usual, make_outlook, turn_delays
from cloudctl.routing.usual_times import read_usual, usual_of
from cloudctl.routing.vehicle_classes import VehicleClasses
from cloudctl.routing.ways import WayFinder, Wish
from cloudctl.store.errors import StoreError
from maps.network import RoadNetwork
from maps.routing import Router

UNKNOWN = 65535
RENEW = 2.0
"""The outlook is made anew where the picture is newer by this, s."""
USUAL_EVERY = 300.0
"""Usual times are read again after this long, s."""
PATIENCE = 5.0
LEAST = 0.1
"""No link takes less, s."""


@dataclass
class RoutingDesk:
    """Holds ways and travel times of one gateway."""

    network: RoadNetwork
    state: LiveState
    store: StoredHistory | None = None
    classes: VehicleClasses = field(init=False)
    ways: WayFinder = field(init=False)
    router: Router = field(init=False)
    """For places and lines."""
    time: float = 0.0
    """Of the picture behind the outlook, UTC epoch s; 0 before the first."""
    _outlook: Outlook | None = None
    _usual: Usual = field(init=False)
    _asked: float = -np.inf
    _reading: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        """Start on free roads."""
        self.ways, self.router = WayFinder(self.network), Router(self.network)
        self.classes = VehicleClasses(self.network)
        self._usual = free_usual(self.ways.free)

    def warm_up(self) -> None:
        """Compile the search before the first question; may run in a thread."""
        if len(self.ways.free):
            turns = np.zeros(len(self.ways.graph.heads))
            self.ways.find(Wish(0, 0), make_outlook(self.ways.free, turns, free_usual(self.ways.free)))

    def outlook(self, now: float) -> Outlook:
        """Travel times from now on; usual ones are read beside it when they are old."""
        if self.store is not None and now - self._asked >= USUAL_EVERY:
            self._asked = now
            self._reading = asyncio.ensure_future(self._read_usual(self.store, now))
        live = self.state.find_frame(Part.LINKS)
        time = 0.0 if live is None else live.frame.time
        if self._outlook is None or abs(time - self.time) >= RENEW:
            self.time = time
            present, spread = self._present()
            turns = turn_delays(self.ways.graph, present, self._by_turn())
            self._outlook = make_outlook(present, turns, self._usual, present_spread=spread)
        return self._outlook

    async def _read_usual(self, store: StoredHistory, now: float) -> None:
        if not await store.reachable():
            return
        try:
            async with asyncio.timeout(PATIENCE):
                rows = await read_usual(store.questions, now)
        except (StoreError, TimeoutError):
            return
        length = self.network.links.length.astype(np.float64)
        self._usual, self._outlook = usual_of(rows, length, self.ways.free, now), None

    def _present(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Time on each link now and its standard deviation, s; what nobody sees is usual."""
        times, spread = self._usual.times[0].copy(), self._usual.spread[0].copy()
        live = self.state.find_frame(Part.LINKS)
        if live is None or "travel" not in live.frame.columns:
            return times, spread
        columns = live.frame.columns
        rows, tenths = columns["link"].astype(np.int64), columns["travel"].astype(np.float64)
        known = (rows < len(times)) & (tenths < UNKNOWN)
        share = np.minimum(columns["conf"][known].astype(np.float64), 100.0) / 100.0
        times[rows[known]] = np.maximum(tenths[known] / 10.0, LEAST)
        spread[rows[known]] = times[rows[known]] * (0.1 + 0.3 * (1.0 - share))
        return times, spread

    def _by_turn(self) -> NDArray[np.float64]:
        """Time of each turn now, s, (arcs,); NaN where nobody was seen to take it."""
        live = self.state.find_frame(Part.MOVEMENTS)
        if live is None or "travel" not in live.frame.columns:
            return np.full(len(self.ways.graph.heads), np.nan)
        columns = live.frame.columns
        tenths = columns["travel"].astype(np.float64)
        known = (tenths < UNKNOWN) & (columns["est"] == 0)
        return arc_times(self.ways.graph, columns["from"][known], columns["to"][known], tenths[known] / 10.0)
