"""Answers the gateway's question where a road user will be in the next seconds."""

import math

import msgspec
import numpy as np

from cloudctl.engine.commands import Outcome, content_of
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.publish.commands import Command
from fusion.picture import TrafficPicture
from fusion.prediction import HORIZON, Predictor
from fusion.track_rows import only
from maps.network import RoadNetwork

PREDICT = "predict"
"""Kind of the command."""


class PredictionQuestion(msgspec.Struct, frozen=True):
    """Which road user."""

    track: int
    """Its id in the picture."""


class PredictionDesk:
    """Keeps the newest picture and predicts from it on demand."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._predictor = Predictor(network)
        self._picture: TrafficPicture | None = None

    def follow(self, picture: TrafficPicture) -> None:
        """Take the newest picture."""
        self._picture = picture

    def command(self, command: Command, now: float) -> Outcome:
        """Predict one road user for 5 s; RefusedCommandError where the picture has no such track."""
        del now
        track = content_of(command, PredictionQuestion).track
        picture = self._picture
        if picture is None:
            raise RefusedCommandError(command.kind, "there is no picture yet")
        row = int(np.searchsorted(picture.tracks.track_id, track))
        if row >= len(picture.tracks) or picture.tracks.track_id[row] != track:
            raise RefusedCommandError(command.kind, f"no road user has the id {track}")
        free = picture.turns.free_way
        found = self._predictor.predict(
            only(picture.tracks, np.array([row])), free=free[row : row + 1] if len(free) else None
        )
        lon, lat = self._network.plane.inverse(found.x[0], found.y[0])
        steps = [
            {
                "after_s": float(found.times[step]),
                "lon": round(float(lon[step]), 7),
                "lat": round(float(lat[step]), 7),
                "heading_deg": round(math.degrees(float(found.heading[0, step])), 1),
                "lane": str(self._network.lanes.id[found.lane[0, step]]) if found.lane[0, step] >= 0 else None,
                "covariance_m2": [[round(float(v), 4) for v in line] for line in found.covariance[0, step]],
            }
            for step in range(len(found.times))
        ]
        return Outcome(content={"track": track, "time": picture.time, "horizon_s": HORIZON, "steps": steps})
