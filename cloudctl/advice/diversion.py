"""Diversion (绕行): a route around a blocked or severely congested link to vehicles that are likely to come there.

Content of an advisory: `links` ids of the detour from the vehicle's link on, `points` [[lon, lat]..] of its shape,
`avoid` link ids, `saves_s` against going on, `incident` id or link that it is about, `told` and `followed` vehicles so
far, `effect` measured on the closed link (`before`, `now`: `link_s`, `queue_m`; `seconds` since the beginning,
`saved_s` by those who followed), `ended`. When the trouble is over, the last vehicles told hear so with no `links`.
Roadside units upstream are told of the closed link and the way around in words, with the fields of an RSI event.
The detour leads to the end of the vehicle's route where that is known, else to the link that most traffic takes after
the closed one. A vehicle whose own route does not pass `avoid` has no use for it and may ignore it. One offer per
vehicle and trouble.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.congestion import JAM, OBSTACLE, link_points, upstream_units
from cloudctl.advice.detours import Concern, Detour, Detours
from cloudctl.advice.diversion_cases import Case, Told, followed_share, open_case
from cloudctl.advice.likely_paths import likely_exit, reach_probabilities
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.scene import Numbering, Scene
from cloudctl.routing.outlook import CLOSED_SECONDS, expected_closure
from fusion.incidents import IncidentKind
from fusion.picture import LevelOfService
from maps.participants import MOTOR_KINDS, ParticipantKind

REACH = 2500.0
"""Vehicles are told from this way ahead on, m."""
LIKELY = 0.2
"""Probability of coming to the link from which a vehicle is told."""
HORIZON = 600.0
"""Time over which a queue at a blocked lane is taken to grow, s."""
WORTH = 30.0
"""Own saving from which a driver is told a way around a link that is not blocked, s."""
LANE_CAPACITY = 600.0
"""Vehicles an hour and lane in a street with signals."""
CONFIDENCE = 0.4
SHARE_JAMMED = 0.5
"""Share of vehicles offered a way around a jam; all are where the road is blocked."""
VALIDITY = 300.0
ASK_AGAIN = 20.0
"""A vehicle for which no detour was worth it is looked at again after this long, s."""
SETTLE = 60.0
"""A vehicle gets no second route within this time, whatever happens elsewhere, s."""
UNITS_EVERY = 120.0
"""Roadside units are told again after this long, s."""
PER_RUN = 10
"""Offers worked out in one run, so that a run stays short."""
_CARS = MOTOR_KINDS & ~ParticipantKind.BUS.bit
_BLOCKING = (IncidentKind.BLOCKED_LANE, IncidentKind.STOPPED_VEHICLE)


@dataclass(frozen=True)
class _Trouble:
    """What is to be avoided."""

    name: str
    link: int
    seconds: float
    """Time that going through will take, s."""
    reason: str
    closed_for: float = 0.0
    """For how long it is expected to stay as it is, s; where no lane is left open."""

    @property
    def blocked(self) -> bool:
        """Whether no lane is left open."""
        return self.seconds >= CLOSED_SECONDS


class Diversion:
    """Offers detours, spreads them over streets and remembers who was asked."""

    def __init__(self, routes: LiveRoutes) -> None:
        self._detours = Detours(routes)
        self._next_offer: dict[tuple[str, str], float] = {}
        self._advised: dict[str, float] = {}
        self._likely: dict[int, NDArray[np.float64]] = {}
        self._cases: dict[str, Case] = {}
        self._ids = Numbering("diversion")

    def advise(self, scene: Scene) -> list[Advisory]:
        """Offer detours around everything that is wrong now."""
        troubles = _troubles(scene)
        names = {trouble.name for trouble in troubles}
        self._next_offer = {key: when for key, when in self._next_offer.items() if key[0] in names}
        self._advised = {name: when for name, when in self._advised.items() if scene.now - when <= SETTLE}
        advisories = self._follow(scene, names)
        asked = self._asked(scene, troubles)
        slow = {trouble.link: trouble.seconds for trouble in troubles if not trouble.blocked}
        closed = {trouble.link: trouble.closed_for for trouble in troubles if trouble.blocked}
        share = followed_share(self._cases.values(), scene.now)
        detours = self._detours.plan(scene, [concern for _, concern in asked], slow, closed, share)
        for trouble, concern in asked:
            detour = detours.get(concern.vehicle)
            if detour is None:
                continue
            if trouble.link in detour.links or not (trouble.blocked or detour.saves >= WORTH):
                self._detours.drop(concern.vehicle)
                continue
            advisory = self._offer(scene, trouble, concern, detour)
            advisories += [advisory, *self._tell_units(scene, trouble, advisory)]
        return advisories

    def _asked(self, scene: Scene, troubles: Sequence[_Trouble]) -> list[tuple[_Trouble, Concern]]:
        """Vehicles to plan for in this run, each for the first trouble that it is likely to meet."""
        asked: dict[str, tuple[_Trouble, Concern]] = {}
        for trouble in troubles:
            beyond = likely_exit(scene.topology, trouble.link)
            for row in self._candidates(scene, trouble) if beyond is not None else []:
                vehicle = scene.device_names[int(scene.picture.tracks.self_device[row])]
                start = int(scene.topology.network.lanes.link[int(scene.picture.tracks.lane[row])])
                if len(asked) == PER_RUN:
                    return list(asked.values())
                if vehicle not in asked and beyond is not None and start != beyond:
                    self._next_offer[trouble.name, vehicle] = scene.now + ASK_AGAIN
                    asked[vehicle] = trouble, Concern(vehicle, row, trouble.link, beyond)
        return list(asked.values())

    def _follow(self, scene: Scene, names: set[str]) -> list[Advisory]:
        """Note who follows; say the end of what is over."""
        for case in self._cases.values():
            case.watch(scene)
        over = [case for name, case in self._cases.items() if name not in names]
        self._cases = {name: case for name, case in self._cases.items() if name in names}
        return [advisory for case in over for advisory in self._end(scene, case)]

    def _end(self, scene: Scene, case: Case) -> list[Advisory]:
        reason = f"The diversion is over; {len(case.followed)} of {len(case.told)} vehicles followed it."
        targets = {f"obu:{vehicle}": told.advisory for vehicle, told in case.told.items() if vehicle in self._advised}
        targets |= {f"rsu:{unit}": last for unit, last in case.units.items()}
        about = {"links": [], "points": link_points(scene.topology, case.link), "saves_s": 0.0}
        content = about | self._event(scene, case, OBSTACLE) | {"ended": True, "expires": scene.now}
        return [
            self._make(scene, case, target, reason, "diversion.ended", content, replaces=last)
            for target, last in targets.items()
        ]

    def _tell_units(self, scene: Scene, trouble: _Trouble, offer: Advisory) -> list[Advisory]:
        """Tell the roadside units upstream, for drivers without a terminal of ours and for signs."""
        case = self._cases[trouble.name]
        if scene.now - case.units_told < UNITS_EVERY:
            return []
        case.units_told = scene.now
        event = self._event(scene, case, OBSTACLE if trouble.blocked else JAM)
        content = offer.content | event | {"points": link_points(scene.topology, trouble.link)}
        made = [
            self._make(
                scene, case, f"rsu:{unit}", offer.reason, offer.reason_code, content, replaces=case.units.get(unit)
            )
            for unit in upstream_units(scene, trouble.link)
        ]
        case.units |= {advisory.target.removeprefix("rsu:"): advisory.id for advisory in made}
        return made

    def _event(self, scene: Scene, case: Case, event_type: int) -> dict[str, object]:
        """Fields of an RSI event, and how the diversion does."""
        network = scene.topology.network
        return {
            "alert": f"diversion {case.name}",
            "event_type": event_type,
            "radius_m": round(float(network.links.length[case.link]) / 2, 1),
            "started": case.since,
            "expires": scene.now + VALIDITY,
            "confidence": 0.9,
            "avoid": [str(network.links.id[case.link])],
            "incident": case.name,
            "told": len(case.told),
            "followed": len(case.followed),
            "effect": case.effect(scene),
            "ended": False,
        }

    def _make(
        self,
        scene: Scene,
        case: Case,
        target: str,
        reason: str,
        code: str,
        content: dict[str, object],
        *,
        replaces: str | None = None,
    ) -> Advisory:
        lon, lat = (float(column[case.link]) for column in scene.topology.link_middle)
        ended = bool(content["ended"])
        return Advisory(
            id=self._ids.next(scene.now),
            kind=AdvisoryKind.DIVERSION,
            target=target,
            created=scene.now,
            valid_until=scene.now if ended else scene.now + VALIDITY,
            reason=reason,
            reason_code=code,
            lon=lon,
            lat=lat,
            content=content,
            replaces=replaces,
        )

    def _candidates(self, scene: Scene, trouble: _Trouble) -> list[int]:
        """Tracks that have not been asked and are likely to come to the link, the nearest in probability first."""
        tracks, chance = scene.picture.tracks, self._chance(scene, trouble.link)
        link = scene.topology.network.lanes.link[tracks.lane]
        fit = (tracks.self_device >= 0) & (tracks.lane >= 0) & ((_CARS >> tracks.kind) & 1 == 1) & (chance[link] > 0)
        rows = np.flatnonzero(fit)
        rows = rows[np.argsort(-chance[link[rows]], kind="stable")]
        return [row for row in rows.tolist() if self._is_open(scene, trouble, row)]

    def _chance(self, scene: Scene, link: int) -> NDArray[np.float64]:
        """Probability of coming to `link`, for every link; kept, because roads do not change."""
        if link not in self._likely:
            likely = reach_probabilities(scene.topology, link, REACH, LIKELY)
            chance = np.zeros(len(scene.topology.network.links.id))
            chance[list(likely)] = list(likely.values())
            self._likely[link] = chance
        return self._likely[link]

    def _is_open(self, scene: Scene, trouble: _Trouble, row: int) -> bool:
        device = int(scene.picture.tracks.self_device[row])
        vehicle = scene.device_names[device]
        route = scene.routes.get(device)
        asked = scene.now < self._next_offer.get((trouble.name, vehicle), -math.inf)
        if asked or vehicle in self._advised or (route is not None and trouble.link not in route):
            return False
        share = 1.0 if trouble.blocked else SHARE_JAMMED
        return zlib.crc32(f"{trouble.name}:{vehicle}".encode()) / 2**32 < share

    def _offer(self, scene: Scene, trouble: _Trouble, concern: Concern, detour: Detour) -> Advisory:
        vehicle = concern.vehicle
        self._next_offer[trouble.name, vehicle] = math.inf
        self._advised[vehicle] = scene.now
        case = self._cases.setdefault(trouble.name, open_case(scene, trouble.name, trouble.link))
        advisory = self._advisory(scene, trouble, case, vehicle, detour)
        device = int(scene.picture.tracks.self_device[concern.track])
        case.told[vehicle] = Told(advisory.id, detour.saves, device, scene.now)
        return advisory

    def _advisory(self, scene: Scene, trouble: _Trouble, case: Case, vehicle: str, detour: Detour) -> Advisory:
        network = scene.topology.network
        reason = f"{trouble.reason}; the way over {len(detour.links)} other links saves {detour.saves:.0f} s."
        content: dict[str, object] = {
            "links": [str(network.links.id[row]) for row in detour.links],
            "points": [point for row in detour.links for point in link_points(scene.topology, row)],
            "avoid": [str(network.links.id[trouble.link])],
            "saves_s": round(detour.saves, 1),
            "incident": trouble.name,
            "told": len(case.told) + 1,
            "followed": len(case.followed),
            "effect": case.effect(scene),
            "ended": False,
        }
        code = "diversion.blocked" if trouble.blocked else "diversion.congested"
        return self._make(scene, case, f"obu:{vehicle}", reason, code, content)


def _troubles(scene: Scene) -> list[_Trouble]:
    """Links to avoid, those with an incident first, each once."""
    network, links = scene.topology.network, scene.picture.links
    found: dict[int, _Trouble] = {}
    for incident in scene.picture.incidents:
        row = incident.link
        if incident.ended is None and incident.kind in _BLOCKING and row >= 0 and row not in found:
            seconds = seconds_past_blockage(scene, row)
            reason = f"Link {network.links.id[row]} has a {incident.kind.replace('_', ' ')}"
            found[row] = _Trouble(
                incident.incident_id, row, seconds, reason, expected_closure(scene.now - incident.started)
            )
    severe = (links.level >= LevelOfService.SEVERE) & (links.confidence >= CONFIDENCE)
    for row in np.flatnonzero(severe).tolist():
        name = str(network.links.id[row])
        reason = f"Link {name} is severely congested"
        found.setdefault(row, _Trouble(f"link {name}", row, float(links.travel_time[row]), reason))
    return list(found.values())


def seconds_past_blockage(scene: Scene, row: int) -> float:
    """Time to pass a link of which one lane is closed, s.

    Its time now and the queue that demand above the capacity of the open lanes builds up (deterministic queue).
    """
    lanes = int(scene.topology.network.links.lane_count[row])
    if lanes <= 1:
        return CLOSED_SECONDS
    demand = float(np.nan_to_num(scene.picture.links.flow[row]))
    excess = max(demand / (LANE_CAPACITY * (lanes - 1)) - 1.0, 0.0)
    return float(scene.picture.links.travel_time[row]) + excess * HORIZON
