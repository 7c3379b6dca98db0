"""The gateway's live state: the newest of every topic, and nothing that cannot be read."""

import gateway_samples as sample
import msgspec
import pytest

from cloudctl.api.errors import StateMessageError
from cloudctl.api.live_state import ADVISORIES_KEPT, LiveState, Part
from cloudctl.publish.errors import FrameError
from cloudctl.publish.frames import FrameKind, encode_frame

NOW = 1_790_000_000.0


def test_every_topic_changes_its_own_part() -> None:
    state = LiveState()
    changed = {topic: state.accept(topic, payload, NOW) for topic, payload in sample.small_state(NOW).items()}
    assert changed == {
        sample.MOVERS: Part.MOVERS,
        sample.TRAJECTORY: Part.DETAILS,
        sample.SIGNALS: Part.SIGNALS,
        sample.LINKS: Part.LINKS,
        sample.INCIDENTS: Part.INCIDENTS,
        sample.PARKING: Part.PARKING,
        sample.DEVICES: Part.DEVICES,
        sample.ADVISORY: Part.ADVISORIES,
        sample.HEALTH: Part.STATUS,
    }


def test_a_topic_of_no_interest_changes_nothing() -> None:
    assert LiveState().accept("V2X/CLOUD/LIVE/OTHER", b"x", NOW) is None


def test_the_age_of_the_picture_is_that_of_its_content() -> None:
    state = LiveState()
    assert state.picture_age(NOW) is None
    state.accept(sample.MOVERS, sample.movers_frame(NOW - 1.5, []), NOW)
    assert state.picture_age(NOW) == pytest.approx(1.5)


def test_a_frame_of_another_kind_is_refused_and_the_old_one_stays() -> None:
    state = sample.filled_state(NOW)
    before = state.find_frame(Part.MOVERS)
    with pytest.raises(FrameError, match="LINKS"):
        state.accept(sample.MOVERS, sample.links_frame(NOW, {0: 1}), NOW)
    assert state.find_frame(Part.MOVERS) is before


def test_a_frame_without_a_needed_column_is_refused_by_its_name() -> None:
    with pytest.raises(FrameError, match="sigma"):
        LiveState().accept(sample.TRAJECTORY, encode_frame(FrameKind.TRAJECTORY, 1, NOW, {}), NOW)


@pytest.mark.parametrize("topic", [sample.INCIDENTS, sample.PARKING, sample.DEVICES, sample.ADVISORY, sample.HEALTH])
def test_broken_json_is_refused_and_names_its_topic(topic: str) -> None:
    with pytest.raises(StateMessageError, match=topic):
        LiveState().accept(topic, b'{"x": ', NOW)


def test_a_closed_incident_leaves_the_open_ones() -> None:
    state = LiveState()
    for event in ("open", "update", "close"):
        state.accept(sample.INCIDENT, msgspec.json.encode(sample.incident("i1", NOW, event)), NOW)
    assert not state.incidents
    assert [closed.incident_id for closed in state.closed] == ["i1"]


def test_an_incident_that_the_list_no_longer_holds_is_closed() -> None:
    state = sample.filled_state(NOW)
    state.accept(sample.INCIDENTS, msgspec.json.encode([sample.incident("i2", NOW)]), NOW)
    assert list(state.incidents) == ["i2"]
    assert [closed.incident_id for closed in state.closed] == ["i1"]


def test_advisories_are_numbered_and_the_oldest_are_forgotten() -> None:
    state = LiveState()
    for number in range(ADVISORIES_KEPT + 5):
        state.accept(sample.ADVISORY, msgspec.json.encode(sample.advisory(f"a{number}", NOW)), NOW)
    numbers = [number for number, _ in state.advisories]
    assert numbers == list(range(6, ADVISORIES_KEPT + 6))
