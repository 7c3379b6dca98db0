"""Frames of the picture and the feed of incidents."""

import dataclasses

import numpy as np
import pytest
from advice_city import GREEN, NOW, Vehicle, build_network, free_links, lights, scene_of

from cloudctl.engine.broadcast import Broadcast
from cloudctl.engine.lots import Lots
from cloudctl.privacy.veil import Veil
from cloudctl.publish.frames import FrameKind, decode_frame
from cloudctl.publish.incident_feed import IncidentFeed
from cloudctl.publish.live import links_frame, movers_frame, positions, signals_frame, trajectory_frame
from fusion.incidents import Incident, IncidentKind
from fusion.picture import TrafficPicture
from ingest.device_registry import DeviceRegistry

PLACES = {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (900.0, 0.0)}
NETWORK = build_network(PLACES, [("AB", "A", "B", 2), ("BC", "B", "C", 1)], ["B"])
INCIDENT = Incident("i1", IncidentKind.CONGESTION, NOW, NOW, None, 250.0, 0.0, 0, 0, (1,), 0.8, "It stands.")


def picture(second: float = 0.0, incidents: tuple[Incident, ...] = ()) -> TrafficPicture:
    vehicles = [Vehicle("AB", 100.0, 13.456, device=3), Vehicle("BC", 50.0, 0.0)]
    return scene_of(NETWORK, vehicles, now=NOW + second, incidents=incidents).picture


def test_movers_and_trajectory_carry_the_same_places_and_motion() -> None:
    now = picture(second=0.7)
    where = positions(now, NETWORK.plane)
    movers, points = decode_frame(movers_frame(now, where, 5)), decode_frame(trajectory_frame(now, where, 5))
    for name in ("id", "lon", "lat", "speed", "heading", "class"):
        assert np.array_equal(movers.column(name), points.column(name))
    x, _ = NETWORK.plane.forward(movers.column("lon") * 1e-7, movers.column("lat") * 1e-7)
    assert x == pytest.approx([100.0, 550.0], abs=0.02)
    assert movers.column("speed").tolist() == [1346, 0]
    assert movers.column("heading").tolist() == [9000, 9000]
    assert movers.column("flags").tolist() == [3, 2]
    assert movers.column("age").tolist() == [700, 700]
    assert movers.column("length").tolist() == [50, 50]
    assert points.column("time").tolist() == [now.time] * 2
    assert points.column("sigma").tolist() == [100, 100]
    assert points.column("dev").tolist() == [3, -1]


def test_headings_stay_below_a_full_turn() -> None:
    now = picture()
    tracks = dataclasses.replace(now.tracks, heading=np.array([-1e-5, 2 * np.pi - 1e-6], np.float32))
    turned = dataclasses.replace(now, tracks=tracks)
    frame = decode_frame(movers_frame(turned, positions(turned, NETWORK.plane), 1))
    assert frame.column("heading").tolist() == [0, 0]


def test_links_without_confidence_are_left_out_and_unknown_numbers_are_marked() -> None:
    links = free_links(NETWORK)
    unknown = np.array([np.nan, 10.0], np.float32)
    links = dataclasses.replace(links, confidence=np.array([0.5, 0.0], np.float32), speed=unknown, flow=unknown)
    frame = decode_frame(links_frame(dataclasses.replace(picture(), links=links), 1, FrameKind.LINK_ARCHIVE))
    assert frame.kind is FrameKind.LINK_ARCHIVE
    assert frame.column("link").tolist() == [0]
    assert frame.column("conf").tolist() == [50]
    assert frame.column("speed").tolist() == [65535]
    assert frame.column("flow").tolist() == [65535]


def test_signals_count_from_the_time_of_the_frame() -> None:
    signals = lights(NETWORK, green=True, change=NOW + 12.34, received=NOW - 0.25)
    frame = decode_frame(signals_frame(dataclasses.replace(picture(), signals=signals), 1))
    assert frame.column("state").tolist() == [GREEN]
    assert frame.column("likely").tolist() == [123]
    assert frame.column("nextgrn").tolist() == [65535]
    assert frame.column("age").tolist() == [250]


def test_an_incident_opens_is_updated_slowly_and_closes_once() -> None:
    feed = IncidentFeed(NETWORK)
    told = []
    for second in range(12):
        growing = dataclasses.replace(INCIDENT, updated=NOW + second, confidence=0.8 + second / 100)
        ended = dataclasses.replace(growing, ended=NOW + second)
        shown = (growing,) if second < 9 else (ended,)
        told += [(second, event.event) for event in feed.follow(picture(float(second), shown))]
    assert told == [(0, "open"), (5, "update"), (9, "close")]
    assert feed.open == []


def test_an_incident_that_vanishes_is_closed() -> None:
    feed = IncidentFeed(NETWORK)
    (opened,) = feed.follow(picture(0.0, (INCIDENT,)))
    assert (opened.link_id, opened.kind) == ("AB", "congestion")
    (closed,) = feed.follow(picture(3.0))
    assert (closed.event, closed.ended) == ("close", NOW + 3.0)


def test_lights_are_stored_when_they_change_and_whole_once_a_minute() -> None:
    broadcast = Broadcast(NETWORK, Lots(NETWORK), 1, 5.0, 5.0, Veil(DeviceRegistry(), b""))
    stored = []
    for tick in range(700):
        now = NOW + 0.1 * tick
        signals = lights(NETWORK, green=tick < 300, change=now + 5, received=now)
        messages = broadcast.messages(dataclasses.replace(picture(0.1 * tick), signals=signals))
        stored += [tick for message in messages if message.topic == "V2X/CLOUD/SIGNALSTATE"]
    assert stored[0] == 0
    assert 300 in stored
    assert len(stored) == 3


def test_trajectory_frames_are_numbered_without_holes_whatever_beats_were_missed() -> None:
    broadcast = Broadcast(NETWORK, Lots(NETWORK), 1, 5.0, 5.0, Veil(DeviceRegistry(), b""))
    numbers = []
    for tick in (0, 2, 3, 5, 9, 10, 40):
        shown = dataclasses.replace(picture(0.1 * tick), tick=tick)
        sent = [message for message in broadcast.messages(shown) if message.topic == "V2X/CLOUD/TRAJECTORY"]
        numbers += [decode_frame(message.payload).tick for message in sent]
    assert len(numbers) > 3
    assert numbers == list(range(1, len(numbers) + 1))
