"""A scene depends on its moment alone; its frames are those of the live feed."""

from dataclasses import replace

import numpy as np
import pytest
from store_frames import NOON

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.playback.errors import PeriodError
from cloudctl.playback.footage import SEEN_SECONDS, Footage, Lights, LinkStates, scene_at
from cloudctl.playback.player import Player
from cloudctl.playback.scene_frames import incident_event, links_frame, movers_frame, signals_frame
from cloudctl.publish.frames import FrameKind, decode_frame
from cloudctl.store.copy_reading import Stretches
from cloudctl.store.reader import StoredIncident

UNKNOWN = 65535


def track_points(times: list[float], tracks: list[int]) -> Stretches:
    """One row of the store a track; `tracks` come in order."""
    ids, first = np.unique(np.array(tracks, np.int64), return_index=True)
    ms = np.rint(np.array(times) * 1e3).astype(np.int64)
    return Stretches(
        begin=np.append(first, len(times)),
        session=np.ones(len(ids), np.int64),
        track_id=ids,
        kind=np.full(len(ids), 4, np.int64),
        time=round(NOON * 1e3) + ms,
        lon=(1_129_000_000 + ms).astype(np.int32),
        lat=np.full(len(times), 282_000_000, np.int32),
        speed=np.full(len(times), 725, np.int16),
        heading=np.full(len(times), -1, np.int16),
    )


def whole(values: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(values, np.int64)


@pytest.fixture
def footage() -> Footage:
    incident = StoredIncident("i", "k", NOON + 2, NOON + 3, NOON + 6, None, 28.2, "e", None, None, None, [4])
    advisory = Advisory(
        id="a", kind=AdvisoryKind.GLOSA, target="obu:1", created=NOON + 4, valid_until=NOON + 9, reason="r",
        reason_code="c", lon=1, lat=2, content={},
    )  # fmt: skip
    return Footage(
        start=NOON,
        end=NOON + 10,
        points=track_points([0.0, 0.2, 0.4, 0.2, 3.0], [1, 1, 1, 2, 2]),
        lights=Lights(NOON + np.array([-50.0, 1, 5]), whole([7, 8, 7]), whole([3, 6, 6]), whole([90, 80, 70])),
        links=LinkStates(
            NOON + np.array([-70.0, -5, 5]), whole([1, 2, 2]), whole([1, 2, 3]), whole([9, 8, 7]), whole([-1, -1, 700]),
            whole([-1, 5, 6]), whole([-1, 70_000, 8]),
        ),
        incidents=(incident,),
        advisories=(advisory,),
    )  # fmt: skip


def test_of_each_road_user_the_last_point_is_shown_as_long_as_it_is_seen(footage: Footage) -> None:
    assert scene_at(footage, NOON + 0.1).points.track_id.tolist() == [1]
    both = scene_at(footage, NOON + 0.5).points
    assert list(zip(both.track_id.tolist(), np.round(both.t - NOON, 3).tolist(), strict=True)) == [(1, 0.4), (2, 0.2)]
    assert len(scene_at(footage, NOON + 0.4 + SEEN_SECONDS).points) == 0
    assert scene_at(footage, NOON + 3.1).points.track_id.tolist() == [2]


def test_who_was_last_seen_in_the_piece_before_is_shown_once_and_as_it_was_last(footage: Footage) -> None:
    before = replace(footage, start=NOON - 10, end=NOON, points=track_points([-0.3, -0.4, -0.3, -3.0], [1, 3, 3, 4]))
    shown = scene_at(footage, NOON + 0.1, before).points
    assert list(zip(shown.track_id.tolist(), np.round(shown.t - NOON, 3).tolist(), strict=True)) == [
        (1, 0.0),
        (3, -0.3),
    ]


def test_of_each_light_the_last_change_is_shown_and_when_it_changes_next(footage: Footage) -> None:
    early, late = scene_at(footage, NOON + 2), scene_at(footage, NOON + 6)
    assert list(zip(early.lights.group.tolist(), early.lights.state.tolist(), strict=True)) == [(7, 3), (8, 6)]
    assert late.lights.state.tolist() == [6, 6]
    assert early.until[0] == NOON + 5
    assert np.isnan(early.until[1])
    assert np.isnan(late.until).all()


def test_states_of_links_grow_old(footage: Footage) -> None:
    assert scene_at(footage, NOON + 1).links.link.tolist() == [2]
    assert scene_at(footage, NOON + 1).links.level.tolist() == [2]
    assert scene_at(footage, NOON + 5).links.level.tolist() == [3]


def test_incidents_and_advisories_have_their_time(footage: Footage) -> None:
    moments = {t: scene_at(footage, NOON + t) for t in (1, 3, 5, 7)}
    assert [len(scene.incidents) for scene in moments.values()] == [0, 1, 1, 0]
    assert [len(scene.advisories) for scene in moments.values()] == [0, 0, 1, 1]
    event = incident_event(moments[3].incidents[0], NOON + 2.5)
    assert (event.updated, event.ended, event.lon, event.lane) == (NOON + 2.5, None, 0.0, -1)


def test_an_empty_past_is_an_empty_picture() -> None:
    none = np.empty(0)
    nothing = Footage(
        NOON, NOON + 10, track_points([], []), Lights(none, whole([]), whole([]), whole([])),
        LinkStates(none, *(whole([]) for _ in range(6))), (), (),
    )  # fmt: skip
    scene = scene_at(nothing, NOON + 5)
    assert [len(decode_frame(make(scene, 1.0))) for make in (movers_frame, links_frame, signals_frame)] == [0, 0, 0]


def test_frames_are_those_of_the_live_feed_and_bear_the_time_at_which_they_are_shown(footage: Footage) -> None:
    scene = scene_at(footage, NOON + 0.5)
    movers = decode_frame(movers_frame(scene, NOON + 500))
    assert (movers.kind, movers.time) == (FrameKind.MOVERS, NOON + 500)
    assert movers.column("id").tolist() == [1, 2]
    assert movers.column("speed").tolist() == [725, 725]
    assert movers.column("heading").tolist() == [35_999, 35_999]
    assert movers.column("age").tolist() == [100, 300]
    assert movers.column("length").tolist() == [120, 120]
    assert movers.column("lon").tolist() == [1_129_000_400, 1_129_000_200]
    links = decode_frame(links_frame(scene, NOON))
    assert {name: column.tolist() for name, column in links.columns.items()} == {
        "link": [2], "level": [2], "conf": [8], "speed": [UNKNOWN], "queue": [5], "flow": [UNKNOWN - 1],
    }  # fmt: skip
    lights = decode_frame(signals_frame(scene, NOON))
    assert lights.column("likely").tolist() == [45]
    assert lights.column("state").tolist() == [3]


@pytest.mark.parametrize("length", [0.0, -1.0, 86_401.0])
def test_a_period_has_a_length_of_at_most_a_day(length: float) -> None:
    with pytest.raises(PeriodError):
        Player(object(), NOON, NOON + length, lambda: 0.0)  # type: ignore[arg-type]  # never asked
