"""A bus asks for priority where a light would stop it, once; terminals err like satellite receivers."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from fleet_world import STEP, make_frame, network, wiring

from ingest.messages.vir import SignalPriorityRequest, VehIntentionAndRequest
from maps.participants import ParticipantKind as Kind
from simulators.bus import ASK_AGAIN, Approach, Approaches, PriorityAsker
from simulators.fleet_motion import Segment, join
from simulators.obu_gnss import SLOW_SHARE, GnssErrors
from simulators.signal_controller import SignalController

NOW = 1_700_000_000.0
ROW = np.arange(1)


def bus_lane() -> tuple[str, Approach]:
    """A lane that ends at a signal."""
    approaches = Approaches(network())
    for lane in network().lanes.id.tolist():
        found = approaches.of(lane)
        if found is not None and found.beyond == 0.0:
            return lane, found
    raise AssertionError("no lane leads to a signal")


def approach_at(distance: float, *, green: bool, green_for: float = 5.0, when: float = NOW) -> Segment:
    """A bus so far before the stop line."""
    _, found = bus_lane()
    light = dict.fromkeys(map(str, network().signals.id), ("G" if green else "r") * 64)
    frames = [
        replace(
            make_frame(when + k * STEP, found.end[:1] - distance, found.end[1:2], 10.0, kind=Kind.BUS, equipped=1),
            lights=light,
            light_ends=dict.fromkeys(light, when + STEP + green_for),
        )
        for k in (0, 1)
    ]
    return join(frames[0], ROW, frames[1], ROW, network().plane)


def asker() -> PriorityAsker:
    controllers = {row: SignalController(network(), row, links) for row, links in enumerate(wiring())}
    return PriorityAsker(network(), controllers, {row: f"RSU{row + 1:05d}" for row in controllers})


def asked(segment: Segment, who: PriorityAsker | None = None) -> SignalPriorityRequest | None:
    text = (who or asker()).ask("BUS00001", bus_lane()[0], NOW, segment, 0)
    if text is None:
        return None
    requests = msgspec.json.decode(text, type=VehIntentionAndRequest).int_and_req.reqs
    assert requests is not None
    assert requests[0].info is not None
    return requests[0].info.signal_priority


def test_a_bus_before_a_red_light_asks_for_its_phase() -> None:
    request = asked(approach_at(100.0, green=False))
    _, found = bus_lane()
    assert request is not None
    assert request.required_mov.phase_id == found.phase_id
    assert request.intersection_id.id == network().signals.node_id[found.signal]
    assert request.distance2_intersection == pytest.approx(1000, abs=1)
    assert request.estimated_arrival_time == pytest.approx(1000, abs=1)


@pytest.mark.parametrize(
    ("distance", "green", "green_for", "asks"),
    [(100.0, True, 30.0, False), (100.0, True, 5.0, True), (250.0, False, 5.0, False)],
)
def test_a_bus_asks_only_where_a_light_would_stop_it(
    distance: float, green: bool, green_for: float, asks: bool
) -> None:
    assert (asked(approach_at(distance, green=green, green_for=green_for)) is not None) == asks


def test_a_bus_asks_a_signal_once_and_again_when_it_comes_back() -> None:
    who = asker()
    assert asked(approach_at(100.0, green=False), who) is not None
    assert asked(approach_at(90.0, green=False, when=NOW + 1), who) is None
    assert asked(approach_at(100.0, green=False, when=NOW + ASK_AGAIN + 1), who) is not None


def test_a_lane_that_leads_to_no_light_asks_nothing() -> None:
    assert Approaches(network()).of("no such lane") is None


def test_satellite_errors_have_their_size_and_drift() -> None:
    errors = GnssErrors(1.2, np.random.default_rng(1))
    slots = np.arange(400)
    errors.enter(400, slots)
    east = np.array([errors.sample(slots, 0.1)[0] for _ in range(400)])
    assert east.std() == pytest.approx(1.2, rel=0.05)
    for lag, share in ((1, SLOW_SHARE * np.exp(-0.01)), (100, SLOW_SHARE * np.exp(-1.0))):
        correlation = (east[lag:] * east[:-lag]).mean() / east.var()
        assert correlation == pytest.approx(share, abs=0.06)


def test_a_new_terminal_does_not_inherit_errors() -> None:
    errors = GnssErrors(1.0, np.random.default_rng(1))
    one = np.zeros(1, np.intp)
    errors.enter(1, one)
    before = errors._slow[:, 0].copy()
    errors.enter(1, one)
    assert not np.allclose(before, errors._slow[:, 0])
