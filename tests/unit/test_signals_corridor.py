"""Corridors on the map: their ways, the lights on them, and plans in a common cycle."""

import dataclasses

import gateway_samples as sample
import numpy as np
import pytest

from cloudctl.signals.common_cycle import durations_at, green_of
from cloudctl.signals.corridor import coordinate, lay_out, saturation
from cloudctl.signals.errors import CorridorError
from cloudctl.signals.live.network_layout import programs_of
from cloudctl.signals.program import Phase, Program
from maps.network import RoadNetwork

PLAN = Program("x", (Phase("Gr", 30.0), Phase("yr", 3.0), Phase("rG", 20.0), Phase("rg", 4.0), Phase("ry", 3.0)))


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    return sample.network()


def test_added_time_goes_to_greens_by_their_durations_and_none_to_clearances() -> None:
    assert durations_at(PLAN, 87.0) == pytest.approx((45.0, 3.0, 30.0, 6.0, 3.0))


def test_taken_time_leaves_the_least_greens() -> None:
    assert durations_at(PLAN, 60.0) == pytest.approx((30.0, 3.0, 20.0, 4.0, 3.0))
    shorter = durations_at(PLAN, 40.0)
    assert sum(shorter) == pytest.approx(40.0)
    assert shorter == pytest.approx((17.5, 3.0, 12.5, 4.0, 3.0))
    with pytest.raises(CorridorError, match="20 s at least"):
        durations_at(PLAN, 19.0)


def test_a_green_that_runs_over_the_end_of_the_cycle_is_one() -> None:
    over = Program("x", (Phase("Gr", 10.0), Phase("yr", 3.0), Phase("rG", 20.0), Phase("ry", 3.0), Phase("gr", 5.0)))
    assert green_of(over, [10.0, 3.0, 20.0, 3.0, 5.0], 0) == (36.0, 15.0)
    assert green_of(over, [10.0, 3.0, 20.0, 3.0, 5.0], 1) == (13.0, 20.0)


def test_a_light_that_is_never_green_is_refused_and_one_that_always_is_has_the_cycle() -> None:
    odd = Program("x", (Phase("rG", 30.0), Phase("rg", 30.0)))
    assert green_of(odd, [30.0, 30.0], 1) == (0.0, 60.0)
    with pytest.raises(CorridorError, match="never green at signal x"):
        green_of(odd, [30.0, 30.0], 0)


def test_a_corridor_runs_from_light_to_light_and_back(network: RoadNetwork) -> None:
    found = lay_out(network, [0, 1, 2])
    assert found.cycle == 90
    assert found.back is not None
    ways = network.links
    for direction, order in ((found.out, [0, 1, 2]), (found.back, [2, 1, 0])):
        assert [int(network.groups.signal[each.group]) for each in direction.passages] == order
        for number, leg in enumerate(direction.legs):
            assert leg.links[0] == direction.passages[number].onward
            assert leg.links[-1] == direction.passages[number + 1].approach
            assert leg.length == pytest.approx(float(ways.length[list(leg.links)].sum()))
            assert leg.seconds == pytest.approx(float((ways.length / ways.speed)[list(leg.links)].sum()))


def test_no_wave_is_faster_than_asked_for(network: RoadNetwork) -> None:
    leg = lay_out(network, [0, 1], speed=10.0).out.legs[0]
    assert leg.length / leg.seconds == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("signals", "reason"),
    [([0, 2], "n1_1 stands between"), ([0], "at least two"), ([0, 1, 0], "each of them once")],
)
def test_signals_that_are_no_corridor_are_refused_by_name(
    network: RoadNetwork, signals: list[int], reason: str
) -> None:
    with pytest.raises(CorridorError, match=reason):
        lay_out(network, signals)


def test_a_signal_without_a_program_is_named(network: RoadNetwork) -> None:
    counts = network.signals.program_count.copy()
    counts[1] = 0
    bare = dataclasses.replace(network, signals=dataclasses.replace(network.signals, program_count=counts))
    assert 1 not in programs_of(bare)
    with pytest.raises(CorridorError, match="n1_1"):
        lay_out(bare, [0, 1])


def test_offsets_follow_the_flow(network: RoadNetwork) -> None:
    corridor = lay_out(network, [0, 1, 2], 90)
    assert corridor.back is not None
    for busy, sign in ((corridor.out, 1), (corridor.back, -1)):
        flows = dict.fromkeys(busy.passages, 0.2)
        plan = coordinate(network, corridor, lambda way, flows=flows: flows.get(way, 0.01))  # type: ignore[misc]  # bound now
        greens = [begin for begin, _ in corridor.greens(network, busy)][::sign]
        steps = np.diff(plan.offsets) + np.diff(greens)
        legs = np.array([leg.seconds for leg in busy.legs][::sign])
        assert np.abs((steps - sign * legs + 45) % 90 - 45).max() <= 8
        assert plan.cost < 0.8 * plan.cost_before


def test_saturation_is_flow_over_what_the_green_discharges(network: RoadNetwork) -> None:
    passage = lay_out(network, [0, 1]).out.passages[1]
    assert saturation(passage, (0.0, 30.0), 0.25, 90.0) == pytest.approx(0.25 * 90 / (0.5 * passage.lanes * 30))
