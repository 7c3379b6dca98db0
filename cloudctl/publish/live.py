"""The traffic picture as column frames: movers, links, signals and trajectory points, each encoded once for all.

Columns (unknown numbers are the largest of their type):

    movers      id, lon, lat (1e-7 deg), speed (0.01 m/s), heading (0.01 deg), age (ms), class, flags (bit 0 has a
                terminal, bit 1 coasting), length, width (0.1 m)
    links       link, level, conf (0..100), speed (0.01 m/s), queue (m), flow (veh/h); links with a confidence only;
                travel (0.1 s), delay (0.1 s a vehicle), stops (0.01), density (0.1 veh/km/lane), occupied (0..100),
                back (m from the start), spill, est (0 or 1)
    signals     group, state, conf (0..100), likely, min, max, nextgrn (0.1 s from frame time), age (ms)
    trajectory  id, time (s), lon, lat, speed, heading, class, sigma (cm), lane, dev (rows, -1 none); owner (row of the
                terminal) where a vehicle agreed to be stored
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.publish.columns import to_u8, to_u16
from cloudctl.publish.frames import Column, FrameKind, encode_frame
from fusion.picture import LinkStates, SignalStates, TrafficPicture
from fusion.tracks import TrackTable
from maps.geodesy import LocalPlane

HAS_TERMINAL, COASTING = 1, 2
COASTING_AFTER = 0.5
"""A track without a report for this long is coasting, s."""


@dataclass(frozen=True)
class Positions:
    """Where the tracks of one picture are, 1e-7 deg, (n,)."""

    lon: NDArray[np.int32]
    lat: NDArray[np.int32]


def positions(picture: TrafficPicture, plane: LocalPlane) -> Positions:
    """Compute the positions that movers and trajectory share."""
    lon, lat = plane.inverse(picture.tracks.x, picture.tracks.y)
    return Positions(np.rint(lon * 1e7).astype(np.int32), np.rint(lat * 1e7).astype(np.int32))


def movers_frame(picture: TrafficPicture, where: Positions, epoch: int) -> bytes:
    """Encode all road users for the live map."""
    tracks = picture.tracks
    age = np.maximum(picture.time - tracks.updated, 0.0)
    flags = np.where(tracks.self_device >= 0, HAS_TERMINAL, 0) | np.where(age > COASTING_AFTER, COASTING, 0)
    columns: dict[str, Column] = {
        **_motion(tracks, where),
        "age": to_u16(age, 1e3),
        "class": tracks.kind,
        "flags": flags.astype(np.uint8),
        "length": to_u8(tracks.length, 10),
        "width": to_u8(tracks.width, 10),
    }
    return encode_frame(FrameKind.MOVERS, picture.tick, picture.time, columns, epoch=epoch)


def trajectory_frame(
    picture: TrafficPicture,
    where: Positions,
    epoch: int,
    sources: NDArray[np.int32] | None = None,
    owners: NDArray[np.int32] | None = None,
    number: int | None = None,
) -> bytes:
    """Encode one trajectory point of every road user.

    `number` counts the frames of this kind, by default it is the picture's tick: a number left out is a lost frame.

    `sources` (n,) are the device rows that may be told, by default the newest of each track; `owners` (n,) the
    terminals of vehicles that agreed to be stored, -1 for others.
    """
    tracks = picture.tracks
    columns: dict[str, Column] = {
        **_motion(tracks, where),
        "time": np.full(len(tracks), picture.time),
        "class": tracks.kind,
        "sigma": to_u16(tracks.sigma, 100),
        "lane": tracks.lane,
        "dev": tracks.sources[:, 0] if sources is None else sources,
    }
    if owners is not None and (owners >= 0).any():
        columns["owner"] = owners
    tick = picture.tick if number is None else number
    return encode_frame(FrameKind.TRAJECTORY, tick, picture.time, columns, epoch=epoch)


def links_frame(picture: TrafficPicture, epoch: int, kind: FrameKind = FrameKind.LINKS) -> bytes:
    """Encode the state of all links of which something is known; `kind` may be LINK_ARCHIVE."""
    links: LinkStates = picture.links
    rows = np.flatnonzero(links.confidence > 0)
    columns: dict[str, Column] = {
        "link": rows.astype(np.uint32),
        "level": links.level[rows],
        "conf": to_u8(links.confidence[rows], 100),
        "speed": to_u16(links.speed[rows], 100),
        "queue": to_u16(links.queue_length[rows], 1),
        "flow": to_u16(links.flow[rows], 1),
        "travel": to_u16(links.travel_time[rows], 10),
        "density": to_u16(links.density[rows], 10),
    }
    if len(links.delay):
        columns |= {
            "delay": to_u16(links.delay[rows], 10),
            "stops": to_u16(links.stops[rows], 100),
            "occupied": to_u8(links.occupancy[rows], 100),
            "back": to_u16(links.queue_back[rows], 1),
            "spill": links.spill_back[rows].astype(np.uint8),
            "est": links.estimated[rows].astype(np.uint8),
        }
    return encode_frame(kind, picture.tick, picture.time, columns, epoch=epoch)


def signals_frame(picture: TrafficPicture, epoch: int, only: NDArray[np.bool_] | None = None) -> bytes:
    """Encode the light of every group of which something was received; `only` (groups,) leaves some out."""
    signals: SignalStates = picture.signals
    known = np.isfinite(signals.received)
    rows = np.flatnonzero(known if only is None else known & only)
    columns: dict[str, Column] = {
        "group": rows.astype(np.uint32),
        "state": signals.state[rows],
        "conf": to_u8(signals.confidence[rows], 100),
        "likely": to_u16(signals.likely_end[rows] - picture.time, 10),
        "min": to_u16(signals.min_end[rows] - picture.time, 10),
        "max": to_u16(signals.max_end[rows] - picture.time, 10),
        "nextgrn": to_u16(signals.next_green[rows] - picture.time, 10),
        "age": to_u16(picture.time - signals.received[rows], 1e3),
    }
    return encode_frame(FrameKind.SIGNALS, picture.tick, picture.time, columns, epoch=epoch)


def _motion(tracks: TrackTable, where: Positions) -> dict[str, Column]:
    return {
        "id": tracks.track_id,
        "lon": where.lon,
        "lat": where.lat,
        "speed": to_u16(tracks.speed, 100),
        "heading": np.mod(np.rint(np.degrees(tracks.heading) * 100), 36000).astype(np.uint16),
    }
