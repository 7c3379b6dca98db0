"""Rules of frames, rows and answers that carry the states of movements and intersections."""

import msgspec
import numpy as np
import pytest
from fusion_city import LANE_Y, street
from fusion_reports import NOW, one_sensor, reports

from cloudctl.api.traffic_state import _figures, _movements
from cloudctl.engine.commands import CommandDesk
from cloudctl.engine.predictions import PREDICT, PredictionDesk
from cloudctl.engine.tuning import fusion_parameters
from cloudctl.publish.columns import to_u16
from cloudctl.publish.commands import Command, CommandReply, CommandStatus
from cloudctl.publish.frames import FrameKind, decode_frame
from cloudctl.publish.live import links_frame
from cloudctl.publish.traffic_frames import intersections_frame, movements_frame
from cloudctl.settings import TrafficSettings
from cloudctl.store.traffic_rows import encode_intersections, encode_movements
from fusion.cycle import FusionCycle
from fusion.movements import Movements
from fusion.picture import TrafficPicture

STREET = street()
MOVES = Movements.of(STREET)


@pytest.fixture(scope="module")
def picture() -> TrafficPicture:
    cycle = FusionCycle(STREET)
    last = None
    for step in range(300):
        now = NOW + 0.1 * step
        batch = reports(now - 0.02, -250.0 + 1.2 * step, LANE_Y[0], 12.0)
        last = cycle.step(batch, [], now, one_sensor(radius=2000.0))
    assert last is not None
    return last


def test_links_carry_the_full_state(picture: TrafficPicture) -> None:
    frame = decode_frame(links_frame(picture, 5))
    assert {"travel", "density", "delay", "stops", "occupied", "back", "spill", "est"} <= frame.columns.keys()
    assert frame.column("est").tolist() == [0, 0, 0, 0]


def test_movements_name_both_links_and_unknown_numbers_are_the_largest(picture: TrafficPicture) -> None:
    frame = decode_frame(movements_frame(picture, MOVES, 5))
    assert frame.kind is FrameKind.MOVEMENTS
    assert frame.epoch == 5
    assert list(zip(frame.column("from").tolist(), frame.column("to").tolist(), strict=True)) == [(0, 1), (2, 3)]
    assert frame.column("delay")[1] == 65535
    assert "delay" not in _figures(frame, 1)
    assert to_u16(np.array([np.nan, 70000.0, 1.26]), 10).tolist() == [65535, 65534, 13]


def test_estimated_movements_are_not_stored(picture: TrafficPicture) -> None:
    frame = decode_frame(movements_frame(picture, MOVES, 5, FrameKind.MOVEMENT_ARCHIVE))
    assert frame.column("from").tolist() == [0]
    assert encode_movements([frame, frame]).rows == 2


def test_intersections_are_stored_by_row(picture: TrafficPicture) -> None:
    frame = decode_frame(intersections_frame(picture, 5, FrameKind.INTERSECTION_ARCHIVE))
    assert frame.column("signal").tolist() == [0]
    copy = encode_intersections([frame])
    assert copy.rows == 1
    assert copy.data.startswith(b"PGCOPY")


def test_an_answer_lists_the_movements_of_one_signal(picture: TrafficPicture) -> None:
    frame = decode_frame(movements_frame(picture, MOVES, 5))
    listed = _movements(STREET, frame, 0)
    assert [(move.from_link, move.to_link) for move in listed] == [("in", "out"), ("back", "home")]
    assert listed[0].confidence > 0.0
    assert listed[1].estimated


def ask(desk: PredictionDesk, track: int) -> CommandReply:
    commands = CommandDesk()
    commands.register(PREDICT, desk.command)
    command = Command(id="c", kind=PREDICT, issued_by="a", time=NOW, expires=NOW + 5, content={"track": track})
    [reply] = commands.handle(msgspec.json.encode(command), NOW)
    return msgspec.json.decode(reply.payload, type=CommandReply)


def test_a_prediction_is_given_for_a_road_user_of_the_picture(picture: TrafficPicture) -> None:
    desk = PredictionDesk(STREET)
    assert ask(desk, 1).status is CommandStatus.REFUSED, "there is no picture yet"
    desk.follow(picture)
    reply = ask(desk, int(picture.tracks.track_id[0]))
    assert reply.status is CommandStatus.DONE
    steps = reply.content["steps"]
    assert isinstance(steps, list)
    assert [step["after_s"] for step in steps][-1] == 5.0
    assert steps[0]["lon"] < steps[-1]["lon"]
    assert steps[-1]["covariance_m2"][0][0] > steps[0]["covariance_m2"][0][0]
    assert ask(desk, 999).status is CommandStatus.REFUSED


def test_thresholds_of_the_settings_reach_fusion() -> None:
    made = fusion_parameters(TrafficSettings(control_delay_s=(1.0, 2.0, 3.0, 4.0), level_window_s=60.0))
    assert made.traffic.levels.control_delay == (1.0, 2.0, 3.0, 4.0)
    assert made.traffic.level_window == 60.0
