"""When the stage that a vehicle needs at once goes before all others."""

from advice_city import NOW

from cloudctl.advice.bus_approach import Approach
from cloudctl.signals.live.forced import HOLD, LEAD, ForcedStages


def asked() -> ForcedStages:
    """An ambulance that is to pass signal 3 in 60 s and needs its green 5 s before, for the queue."""
    forced = ForcedStages()
    forced.add(3, "E1", 7, 2, NOW + 55.0, NOW + 60.0)
    return forced


def near(arrival: float, queue: float = 0.0, group: int = 7) -> list[Approach]:
    return [Approach("E1", group, NOW + arrival, queue=queue)]


def test_the_others_keep_their_greens_until_shortly_before_the_vehicle_comes() -> None:
    forced = asked()
    assert forced.follow([], NOW) == {}
    assert forced.follow([], NOW + 55.0 - LEAD - 0.1) == {}
    assert forced.follow([], NOW + 55.0 - LEAD) == {3: 2}
    assert forced.follow([], NOW + 60.0 + HOLD - 0.1) == {3: 2}
    assert forced.follow([], NOW + 60.0 + HOLD) == {}


def test_a_vehicle_that_is_held_up_keeps_its_stage_until_it_has_passed() -> None:
    forced = asked()
    assert forced.follow(near(95.0), NOW + 90.0) == {3: 2}
    assert forced.follow(near(95.0), NOW + 96.0) == {3: 2}
    assert forced.follow([], NOW + 98.0) == {3: 2}  # not in this picture
    assert forced.follow(near(20.0, group=8), NOW + 100.0) == {}


def test_a_vehicle_that_comes_sooner_or_finds_a_queue_gets_its_stage_sooner() -> None:
    assert asked().follow(near(40.0, queue=12.0), NOW) == {3: 2}
    assert asked().follow(near(50.0), NOW) == {}
