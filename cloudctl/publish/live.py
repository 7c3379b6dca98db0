"""The traffic picture as column frames: movers, links, signals and trajectory points, each encoded once for all.

Columns (unknown numbers are the largest of their type):

    movers      id, lon, lat (1e-7 deg), speed (0.01 m/s), heading (0.01 deg), age (ms), class, flags (bit 0 has a
                terminal, bit 1 coasting), length, width (0.1 m)
    links       link, level, conf (0..100), speed (0.01 m/s), queue (m), flow (veh/h); links with a confidence only
    signals     group, state, conf (0..100), likely, min, max, nextgrn (0.1 s from frame time), age (ms)
    trajectory  id, time (s), lon, lat, speed, heading, class, sigma (cm), lane, dev (rows, -1 none)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        "age": _u16(age, 1e3),
        "class": tracks.kind,
        "flags": flags.astype(np.uint8),
        "length": _u8(tracks.length, 10),
        "width": _u8(tracks.width, 10),
    }
    return encode_frame(FrameKind.MOVERS, picture.tick, picture.time, columns, epoch=epoch)


def trajectory_frame(picture: TrafficPicture, where: Positions, epoch: int) -> bytes:
    """Encode one trajectory point of every road user."""
    tracks = picture.tracks
    columns: dict[str, Column] = {
        **_motion(tracks, where),
        "time": np.full(len(tracks), picture.time),
        "class": tracks.kind,
        "sigma": _u16(tracks.sigma, 100),
        "lane": tracks.lane,
        "dev": tracks.sources[:, 0],
    }
    return encode_frame(FrameKind.TRAJECTORY, picture.tick, picture.time, columns, epoch=epoch)


def links_frame(picture: TrafficPicture, epoch: int, kind: FrameKind = FrameKind.LINKS) -> bytes:
    """Encode the state of all links of which something is known; `kind` may be LINK_ARCHIVE."""
    links: LinkStates = picture.links
    rows = np.flatnonzero(links.confidence > 0)
    columns: dict[str, Column] = {
        "link": rows.astype(np.uint32),
        "level": links.level[rows],
        "conf": _u8(links.confidence[rows], 100),
        "speed": _u16(links.speed[rows], 100),
        "queue": _u16(links.queue_length[rows], 1),
        "flow": _u16(links.flow[rows], 1),
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
        "conf": _u8(signals.confidence[rows], 100),
        "likely": _u16(signals.likely_end[rows] - picture.time, 10),
        "min": _u16(signals.min_end[rows] - picture.time, 10),
        "max": _u16(signals.max_end[rows] - picture.time, 10),
        "nextgrn": _u16(signals.next_green[rows] - picture.time, 10),
        "age": _u16(picture.time - signals.received[rows], 1e3),
    }
    return encode_frame(FrameKind.SIGNALS, picture.tick, picture.time, columns, epoch=epoch)


def _motion(tracks: TrackTable, where: Positions) -> dict[str, Column]:
    return {
        "id": tracks.track_id,
        "lon": where.lon,
        "lat": where.lat,
        "speed": _u16(tracks.speed, 100),
        "heading": np.mod(np.rint(np.degrees(tracks.heading) * 100), 36000).astype(np.uint16),
    }


def _u16(values: ArrayLike, scale: float) -> NDArray[np.uint16]:
    """Scale, round and clip; NaN becomes 65535, which stands for unknown."""
    scaled = np.rint(np.asarray(values, np.float64) * scale)
    return np.where(np.isnan(scaled), 65535, np.clip(scaled, 0, 65534)).astype(np.uint16)


def _u8(values: ArrayLike, scale: float) -> NDArray[np.uint8]:
    """Scale, round and clip to 0..255; NaN becomes 0."""
    scaled = np.rint(np.asarray(values, np.float64) * scale)
    clipped: NDArray[np.uint8] = np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255).astype(np.uint8)
    return clipped
