"""What a MAP says about who may use a lane, and about its speed, is what the network says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from maps_city import imported

from maps.importers.v2x_map import import_v2x_map
from maps.lane_attributes import allowed_kinds, lane_attributes
from maps.participants import ANY_KIND, MOTOR_KINDS, ParticipantKind
from maps.v2x_map_export import FASTEST, map_message

_UNKNOWN, _SPECIAL = ParticipantKind.UNKNOWN.bit, ParticipantKind.SPECIAL.bit
_CYCLIST, _PEDESTRIAN = ParticipantKind.CYCLIST.bit, ParticipantKind.PEDESTRIAN.bit
_BUSES = ParticipantKind.BUS.bit | _SPECIAL | _UNKNOWN


def _there_and_back(allowed: int) -> int:
    attributes: Any = lane_attributes(allowed)
    (name, bits), share = next(iter(attributes["laneType"].items())), attributes["shareWith"]
    assert len(bits) == (8 if name == "vehicle" else 16)
    assert len(share) == 10
    return allowed_kinds(name, *({row for row, bit in enumerate(text) if bit == "1"} for text in (bits, share)))


@pytest.mark.parametrize(
    "allowed",
    [
        ANY_KIND,
        MOTOR_KINDS | _UNKNOWN,
        MOTOR_KINDS | _CYCLIST | _UNKNOWN,
        MOTOR_KINDS & ~ParticipantKind.BUS.bit | _UNKNOWN,
        _BUSES,
        _BUSES | _CYCLIST,
        _SPECIAL | _UNKNOWN,
        _CYCLIST | _UNKNOWN,
        _CYCLIST | _PEDESTRIAN | _UNKNOWN,
    ],
)
def test_kinds_come_back(allowed: int) -> None:
    assert _there_and_back(allowed) == allowed


def test_what_the_fields_cannot_say_comes_back_wider() -> None:
    assert _there_and_back(ParticipantKind.CAR.bit | _UNKNOWN) == MOTOR_KINDS & ~ParticipantKind.BUS.bit | _UNKNOWN


@pytest.mark.parametrize(("name", "mask"), [("median", 0), ("", 0), ("parking", MOTOR_KINDS), ("vehicle", 511 & ~256)])
def test_lanes_that_share_with_nobody_are_for_their_own(name: str, mask: int) -> None:
    assert allowed_kinds(name, set(), set()) == mask


def test_a_lane_with_a_limit_of_its_own_keeps_it() -> None:
    network = imported().network
    lit = int(network.connections.from_lane[network.connections.signal == 1][0])
    link = int(network.lanes.link[lit])
    speed = network.lanes.speed.copy()
    speed[lit] = np.float32(5.0)
    message: Any = map_message(replace(network, lanes=replace(network.lanes, speed=speed)), 1, msg_cnt=0, moy=0)
    lanes = [lane for own in message["nodes"][0]["inLinks"] for lane in own["lanes"] if "speedLimits" in lane]
    assert [lane["speedLimits"] for lane in lanes] == [[{"type": "vehicleMaxSpeed", "speed": 250}]]
    back = import_v2x_map([message], Path("air")).network
    assert np.isclose(back.lanes.speed, 5.0, atol=0.01).sum() == 1
    assert np.isclose(back.links.speed, network.links.speed[link], atol=0.011).any()


def test_a_speed_beyond_the_field_is_the_highest_that_it_holds() -> None:
    network = imported().network
    fast = replace(network, links=replace(network.links, speed=np.full_like(network.links.speed, 900.0)))
    message: Any = map_message(fast, 1, msg_cnt=0, moy=0)
    assert {link["speedLimits"][0]["speed"] for link in message["nodes"][0]["inLinks"]} == {FASTEST}
