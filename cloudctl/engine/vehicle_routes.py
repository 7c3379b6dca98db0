"""Routes that vehicles are known to follow: those they accepted from us, until they leave them or arrive."""

from fusion.tracks import TrackTable
from maps.network import RoadNetwork

LONGEST = 1200.0
"""A route is forgotten after this long, s."""


class VehicleRoutes:
    """Links ahead of vehicles by device row."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._until: dict[int, float] = {}
        self.now: dict[int, tuple[int, ...]] = {}
        """Link rows by device row."""

    def accept(self, device: int, link_ids: list[str], now: float) -> None:
        """Note that a vehicle follows a route; ids that the map does not have end it."""
        rows = [self._network.link_rows.get(name, -1) for name in link_ids]
        if rows and -1 not in rows:
            self.now[device] = tuple(rows)
            self._until[device] = now + LONGEST

    def follow(self, tracks: TrackTable, now: float) -> None:
        """Forget routes that are old, or that their vehicle has left."""
        if not self.now:
            return
        links = self._network.lanes.link[tracks.lane]
        on_lane = (tracks.self_device >= 0) & (tracks.lane >= 0)
        at = dict(zip(tracks.self_device[on_lane].tolist(), links[on_lane].tolist(), strict=True))
        for device, route in list(self.now.items()):
            link = at.get(device)
            if now >= self._until[device] or (link is not None and (link not in route or link == route[-1])):
                del self.now[device], self._until[device]
