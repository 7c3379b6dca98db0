"""Rule: a link whose level of service has been bad for long is congested until it has been good for long.

Where no link before it is congested its queue has a tail, on which others come up: that is told apart.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fusion.incident_book import Finding
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import IncidentKind
from fusion.picture import LevelOfService
from fusion.scene import Scene
from fusion.sections import begins_section, sections_of
from maps.network import RoadNetwork
from maps.participants import MOTOR_KINDS
from maps.polyline import point_at

_FULL = 15.0
"""A queue that leaves less of a link free goes on, on the link before, m."""


class Congestion:
    """Remembers since when links have been bad or good."""

    def __init__(self, network: RoadNetwork, parameters: IncidentParameters) -> None:
        self._network, self._parameters = network, parameters
        count = len(network.links.id)
        self._bad_since, self._good_since = np.full(count, np.nan), np.full(count, np.nan)
        self._known_since, self._green = np.full(count, np.nan), np.zeros(count)
        self._congested, self._began = np.zeros(count, np.bool_), np.full(count, np.nan)
        lanes, table = network.lanes, network.connections
        known = np.flatnonzero((table.from_lane >= 0) & (table.to_lane >= 0))
        ways = np.stack([lanes.link[table.to_lane[known]], lanes.link[table.from_lane[known]]])
        self._before = np.unique(ways, axis=1)
        self._section, self._begins = sections_of(network), begins_section(network)
        self._for_motor = (lanes.allowed & MOTOR_KINDS) > 0
        self._motor_lanes = np.bincount(lanes.link, self._for_motor, count)

    def find(self, scene: Scene) -> list[Finding]:
        """Return the congested links of this cycle."""
        links, parameters, now = scene.links, self._parameters, scene.now
        bad = (links.level >= parameters.congestion_level) & (links.confidence >= parameters.congestion_confidence)
        bad &= self._congested | (links.vehicles >= parameters.congestion_vehicles)
        self._bad_since = np.where(bad, np.fmin(self._bad_since, now), np.nan)
        self._good_since = np.where(bad, np.nan, np.fmin(self._good_since, now))
        mean, limit = self._mean_speed(scene), self._network.links.speed
        slow = mean < parameters.congestion_slow * limit
        self._green = np.where(bad, self._green + scene.span * (self._may_go(scene) & slow), 0.0)
        lit = np.bincount(self._network.lanes.link, np.isfinite(scene.green_for), len(bad)) > 0
        least = np.where(lit, parameters.congestion_settled, parameters.congestion_after)
        known = links.confidence >= parameters.congestion_confidence
        self._known_since = np.where(known, np.fmin(self._known_since, now), np.nan)
        lasting = (now - self._bad_since >= least) & (now - self._known_since >= parameters.congestion_after)
        stands = (mean < parameters.congestion_stands * limit) & self._is_full(scene)
        self._congested |= lasting & (self._green >= parameters.congestion_green) & stands
        self._congested &= ~(now - self._good_since >= parameters.congestion_over)
        self._began = np.where(self._congested, np.fmin(self._began, self._bad_since), np.nan)
        rows = [int(link) for link in np.flatnonzero(self._congested)]
        tails = [(link, *self._end_of_queue(scene, link)) for link in rows]
        found = [(link, last, queue) for link, last, queue in tails if self._is_tail(last, queue)]
        return [*(self._finding(scene, link) for link in rows), *(self._tail(scene, *each) for each in found)]

    def _end_of_queue(self, scene: Scene, link: int) -> tuple[int, float]:
        """Return the link on which a link's queue ends and its length, m: it may fill the links of its section."""
        queue, last = float(scene.links.queue_length[link]), link
        while float(scene.links.queue_length[last]) >= float(self._network.links.length[last]) - _FULL:
            before = self._before[1][self._before[0] == last]
            if self._begins[last] or len(before) != 1 or scene.links.queue_length[before[0]] < _FULL:
                break
            last = int(before[0])
            queue += float(scene.links.queue_length[last])
        return last, queue

    def _is_tail(self, link: int, queue: float) -> bool:
        """Tell whether a queue is long and nothing before the link on which it ends is congested."""
        before = self._before[1][self._before[0] == link]
        own = self._section[before] == self._section[link]
        return queue >= self._parameters.tail_length and not self._congested[before[~own]].any()

    def _tail(self, scene: Scene, link: int, last: int, queue: float) -> Finding:
        finding, table = self._finding(scene, link), self._network.links
        speed = float(table.speed[last])
        x, y = self._queue_end(scene, last)
        evidence = (
            f"the queue on link {table.id[link]} ends {queue:.0f} m before the stop line; "
            f"traffic comes up at {3.6 * speed:.0f} km/h"
        )
        return replace(
            finding,
            cause=f"tail:{link}",
            kind=IncidentKind.CONGESTION_TAIL,
            x=x,
            y=y,
            link=last,
            evidence=evidence,
            figures={"queue_m": round(queue, 1), "limit_mps": round(speed, 2)},
        )

    def _queue_end(self, scene: Scene, link: int) -> tuple[float, float]:
        """Return where the queue on a link ends."""
        table = self._network.links
        shape = self._network.shape(int(table.shape_start[link]), int(table.shape_count[link]))
        x, y = point_at(shape, float(table.length[link]) - float(scene.links.queue_length[link]))
        return float(x), float(y)

    def _may_go(self, scene: Scene) -> NDArray[np.bool_]:
        """Tell on which links no light holds the motor traffic back; an unknown light does not."""
        held = (scene.green_for == 0.0) & self._for_motor
        return np.bincount(self._network.lanes.link, held, len(self._congested)) < self._motor_lanes

    def _is_full(self, scene: Scene) -> NDArray[np.bool_]:
        """Tell on which links many vehicles queue or creep."""
        links, parameters = scene.links, self._parameters
        kilometres = self._network.links.length * self._motor_lanes / 1000.0
        dense: NDArray[np.bool_] = links.vehicles >= parameters.congestion_density * kilometres
        queue = links.queue_length >= parameters.congestion_queue
        lane, limit = scene.order.lane, self._network.lanes.speed[scene.order.lane]
        slow = scene.order.speed < parameters.congestion_stands * limit
        number = np.bincount(self._network.lanes.link[lane], slow, len(queue))
        return (queue | dense) & (number >= parameters.congestion_least)

    def _mean_speed(self, scene: Scene) -> NDArray[np.float64]:
        """Mean speed of each link's vehicles at this moment, 0 where there are none, m/s."""
        link, count = self._network.lanes.link[scene.order.lane], len(self._congested)
        mean = np.bincount(link, scene.order.speed, count) / np.maximum(np.bincount(link, minlength=count), 1)
        return mean.astype(np.float64)

    def _finding(self, scene: Scene, link: int) -> Finding:
        links, table = scene.links, self._network.links
        x, y = self._queue_end(scene, link)
        level = LevelOfService(int(links.level[link]))
        return Finding(
            cause=f"congestion:{link}",
            kind=IncidentKind.CONGESTION,
            since=float(self._began[link]),
            x=x,
            y=y,
            link=link,
            lane=-1,
            tracks=(),
            confidence=float(links.confidence[link]),
            evidence=(
                f"link {table.id[link]} runs at {3.6 * float(links.speed[link]):.0f} km/h "
                f"with {int(links.vehicles[link])} vehicles, "
                f"a queue of {float(links.queue_length[link]):.0f} m and level {level.name.lower()} "
                f"for {scene.now - float(self._began[link]):.0f} s"
            ),
            figures={
                "speed_mps": round(float(links.speed[link]), 2),
                "vehicles": int(links.vehicles[link]),
                "queue_m": round(float(links.queue_length[link]), 1),
                "lasted_s": round(scene.now - float(self._began[link]), 1),
            },
        )
