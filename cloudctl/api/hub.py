"""Fan-out of the live state: each client holds only the names of the parts that are news to it.

What is sent is read when the client is ready for it. So a slow client gets the newest frame, never a queue, and costs
the others nothing. Bytes are made once for all clients that look at the same box in the same districts; a client that
asked for deltas gets keys and what changed since, which rest on the key alone, so that it may miss any of them.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import orjson

from cloudctl.api.buses_message import buses_message
from cloudctl.api.client_messages import View
from cloudctl.api.district_frames import DistrictFrames
from cloudctl.api.district_sight import DistrictSight
from cloudctl.api.line_sight import LineSight
from cloudctl.api.link_stream import LinkStream
from cloudctl.api.live_state import LiveFrame, LiveState, Part
from cloudctl.api.measures import Measures
from cloudctl.api.mover_stream import MoverStream
from cloudctl.api.queue_frames import QueueFrames
from cloudctl.api.signal_message import recommendations_message
from cloudctl.api.status import status_message
from cloudctl.api.view_box import ViewBox, cut_frame, snapped_box

PUSHED = frozenset(Part) - {Part.DETAILS, Part.INTERSECTIONS}
FRAME_PARTS = (Part.MOVERS, Part.SIGNALS, Part.LINKS, Part.MOVEMENTS)
DESK_PARTS = (Part.DESK, Part.EVENTS, Part.HOLDS, Part.CORRIDORS)
TEXT_PARTS = (
    Part.STATUS, Part.INCIDENTS, Part.ADVISORIES, Part.PARKING, Part.DEVICES, Part.TRANSIT,
    Part.RECOMMENDATIONS, *DESK_PARTS,
)  # fmt: skip
CUTS_KEPT = 64
QUEUES_FROM_ZOOM = 15.0
"""Below it nobody can see the queue of a movement, and it is not sent."""
STATUS_EVERY_S = 1.0
ADVISORIES_AT_START = 60

K = TypeVar("K")
V = TypeVar("V")
Outgoing = bytes | str
Given = tuple[LiveFrame, ViewBox | None, bool]
"""A frame, the box that it was cut to, and whether as deltas."""
Scope = frozenset[str] | None
"""Districts that are shown, None for all."""


@dataclass(eq=False)
class Client:
    """One open live feed."""

    news: set[Part] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    box: ViewBox | None = None
    """None before the client's first view message: it gets no frames until then."""
    allowed: frozenset[Part] = PUSHED
    """What the actor behind it may see."""
    sight: LineSight | None = None
    """Bus lines that it may see, None for all."""
    wanted: frozenset[Part] = PUSHED
    advisory_number: int = 0
    """Number of the newest advisory the client has."""
    replies: list[str] = field(default_factory=list)
    deltas: bool = False
    """It takes keys and changes of movers and links."""
    districts: DistrictSight | None = None
    """Districts that it may see, None for all."""
    has: dict[Part, tuple[int, int]] = field(default_factory=dict)
    """Epoch of the key, and how much of what changed since, that it has of movers and links."""
    given: dict[Part, Given] = field(default_factory=dict)
    """The frame that it was given last, and how: nobody is given the same twice."""

    @property
    def scope(self) -> Scope:
        """Equal for clients that may see the same districts."""
        return None if self.districts is None else self.districts.key

    def tell(self, part: Part) -> None:
        """Note that a part is news."""
        if part in self.wanted and part in self.allowed:
            self.news.add(part)
            self.wake.set()

    def reply(self, message: dict[str, object]) -> None:
        """Answer a message of this client; a client that does not read gets the newest answers only."""
        self.replies = [*self.replies[-3:], orjson.dumps(message).decode()]
        self.wake.set()

    def look(self, view: View) -> None:
        """Take over a view: frames of the first one and movers of a new box follow at once, others as they change."""
        wanted = PUSHED & frozenset(view.layers)
        if view.zoom < QUEUES_FROM_ZOOM:
            wanted -= {Part.MOVEMENTS}
        # texts need no box and were news when the feed was opened
        fresh = (wanted - self.wanted) | (wanted.intersection(FRAME_PARTS) if self.box is None else {Part.MOVERS})
        self.box = snapped_box(*view.box)
        self.deltas = view.deltas
        if view.anew:
            self.has.clear()
            self.given.clear()
            fresh = wanted
        self.wanted = wanted
        for part in fresh:
            self.tell(part)


def _latest(kept: dict[K, V], key: K, make: Callable[[], V]) -> V:
    """Give what is kept for a key, or make it; of many the latest used stay."""
    found = kept.pop(key, None) or make()
    kept[key] = found
    if len(kept) > CUTS_KEPT:
        del kept[next(iter(kept))]
    return found


class Hub:
    """All open live feeds over one live state."""

    def __init__(self, state: LiveState, measures: Measures) -> None:
        self.state = state
        self.clients: set[Client] = set()
        self._measures = measures
        self._cuts: dict[tuple[Scope, ViewBox], tuple[LiveFrame, bytes]] = {}
        self._texts: dict[Part, str] = {}
        epochs = itertools.count(1)
        self._epochs = epochs
        self._streams: dict[tuple[Scope, ViewBox], MoverStream] = {}
        self._links: dict[Scope, LinkStream] = {}
        self._queues: dict[Scope, QueueFrames] = {}
        self._district_frames = DistrictFrames()

    def join(
        self,
        allowed: frozenset[Part] = PUSHED,
        sight: LineSight | None = None,
        districts: DistrictSight | None = None,
    ) -> Client:
        """Open a feed: everything that it may see is news to it."""
        client = Client(allowed=allowed, sight=sight, districts=districts)
        self.clients.add(client)
        self._measures.clients.set(len(self.clients))
        for part in TEXT_PARTS:
            client.tell(part)
        return client

    def leave(self, client: Client) -> None:
        """Close a feed."""
        self.clients.discard(client)
        self._measures.clients.set(len(self.clients))

    def changed(self, part: Part) -> None:
        """Tell every client that a part changed."""
        self._texts.pop(part, None)
        for client in self.clients:
            client.tell(part)

    def show(self, part: Part, content: dict[str, object]) -> None:
        """Show a part of desk work, where it is not what was shown before."""
        if self.state.desk.get(part) != content:
            self.state.desk[part] = content
            self.changed(part)

    async def tell_status(self) -> None:
        """Tell every client the time and the state of the platform once a second, until cancelled."""
        while True:
            self.changed(Part.STATUS)
            await asyncio.sleep(STATUS_EVERY_S)

    def take(self, client: Client) -> list[Outgoing]:
        """Give all that is news to a client, the newest state of each part; afterwards nothing is."""
        client.wake.clear()
        news, client.news = client.news, set()
        messages: list[Outgoing] = [*client.replies]
        client.replies = []
        for part in TEXT_PARTS:
            if part in news:
                messages += self._text(client, part)
        for part in FRAME_PARTS:
            if part in news:
                messages += self._frame(client, part)
        return messages

    def find_frame(self, part: Part, districts: DistrictSight | None) -> LiveFrame | None:
        """Give the newest frame of a part as far as it may be seen, None before the first."""
        live = self.state.find_frame(part)
        return live if live is None or districts is None else self._district_frames.of(part, live, districts)

    def _frame(self, client: Client, part: Part) -> list[Outgoing]:
        live = self.find_frame(part, client.districts)
        if live is None or client.box is None:
            return []
        given = (live, client.box if part is Part.MOVERS else None, client.deltas)
        if (last := client.given.get(part)) is not None and last[0] is live and last[1:] == given[1:]:
            return []
        client.given[part] = given
        self._measures.sent.labels(part).inc()
        if client.deltas and part is Part.MOVERS:
            return self._moves(client, live, client.box)
        if client.deltas and part is Part.LINKS:
            return self._link_changes(client, live)
        if part is Part.MOVEMENTS:
            return [_latest(self._queues, client.scope, QueueFrames).of(live)]
        return [self._cut(live, client.scope, client.box) if part is Part.MOVERS else live.raw]

    def _moves(self, client: Client, live: LiveFrame, box: ViewBox) -> list[Outgoing]:
        stream = _latest(self._streams, (client.scope, box), lambda: MoverStream(box, self._epochs))
        stream.feed(live)
        epoch, entered = client.has.get(Part.MOVERS, (0, 0))
        client.has[Part.MOVERS] = (stream.epoch, stream.entered)
        key = [stream.key] if epoch != stream.epoch else []
        entries = [stream.entries] if stream.entered and (key or entered != stream.entered) else []
        return [*key, *entries, stream.moves]

    def _link_changes(self, client: Client, live: LiveFrame) -> list[Outgoing]:
        stream = _latest(self._links, client.scope, lambda: LinkStream(self._epochs))
        stream.feed(live)
        epoch, version = client.has.get(part := Part.LINKS, (0, 0))
        client.has[part] = (stream.epoch, stream.version)
        key = [stream.key] if epoch != stream.epoch else []
        return [*key, stream.changes] if stream.version and (key or version != stream.version) else [*key]

    def _cut(self, live: LiveFrame, scope: Scope, box: ViewBox) -> bytes:
        known = self._cuts.get((scope, box))
        if known is not None and known[0] is live:
            return known[1]
        if len(self._cuts) >= CUTS_KEPT:
            self._cuts.clear()
        cut = cut_frame(live.frame, live.raw, box)
        self._measures.cuts.inc()
        self._cuts[scope, box] = (live, cut)
        return cut

    def _text(self, client: Client, part: Part) -> list[Outgoing]:
        if (part in DESK_PARTS and part not in self.state.desk) or (
            part is Part.TRANSIT and self.state.transit is None
        ):
            return []
        if part is Part.RECOMMENDATIONS and self.state.signals is None:
            return []
        self._measures.sent.labels(part).inc()
        if part is Part.ADVISORIES:
            return self._advisories(client)
        if part is Part.TRANSIT and client.sight is not None:
            return [orjson.dumps(buses_message(self.state, client.sight), default=msgspec.to_builtins).decode()]
        if client.districts is not None and part in client.districts.parts:
            content = client.districts.content(part, self._content(part), self.state)
            return [orjson.dumps(content, default=msgspec.to_builtins).decode()]
        if part not in self._texts:
            self._texts[part] = orjson.dumps(self._content(part), default=msgspec.to_builtins).decode()
        return [self._texts[part]]

    def _content(self, part: Part) -> dict[str, object]:
        if part is Part.INCIDENTS:
            return {"type": part, "items": list(self.state.incidents.values())}
        if part is Part.PARKING:
            return {"type": part, "lots": self.state.lots}
        if part in DESK_PARTS:
            return {"type": part, **self.state.desk[part]}
        if part is Part.TRANSIT:
            return buses_message(self.state)
        if part is Part.DEVICES:
            return {"type": part, "devices": self.state.devices}
        if part is Part.RECOMMENDATIONS:
            return recommendations_message(self.state)
        return status_message(self.state, self._measures, time.time())

    def _advisories(self, client: Client) -> list[Outgoing]:
        fresh = [(number, advisory) for number, advisory in self.state.advisories if number > client.advisory_number]
        if not fresh:
            return []
        client.advisory_number = fresh[-1][0]
        sight, transit, districts = client.sight, self.state.transit, client.districts
        items = [
            each
            for _, each in fresh[-ADVISORIES_AT_START:]
            if (sight is None or sight.advisory(each, transit))
            and (districts is None or districts.place(each.lon, each.lat))
        ]
        return [orjson.dumps({"type": Part.ADVISORIES, "items": items}, default=msgspec.to_builtins).decode()]
