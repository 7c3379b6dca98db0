"""Reports for tests of fusion: road users that move straight, and what devices say of them."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from fusion.sensors import SensorTable
from fusion.tracker import Tracker
from ingest.observation import ObservationBatch, Source
from maps.participants import ParticipantKind

NOW = 1_700_000_000.0


def reports(
    time: float,
    x: ArrayLike,
    y: ArrayLike,
    vx: ArrayLike = 0.0,
    vy: ArrayLike = 0.0,
    *,
    device: ArrayLike = 0,
    names: ArrayLike | None = None,
    source: Source = Source.ROADSIDE,
    kind: ArrayLike = ParticipantKind.CAR,
    sigma: float = 0.3,
    heading: ArrayLike = np.nan,
) -> ObservationBatch:
    """Reports of one device at one instant; single values hold for all objects."""
    count = np.broadcast(*(np.atleast_1d(value) for value in (x, y, vx, vy))).size
    values: dict[str, ArrayLike] = {
        "event_time": time,
        "publish_time": time,
        "receive_time": time + 0.02,
        "device": device,
        "object_id": np.arange(count) + 1 if names is None else names,
        "source": source,
        "kind": kind,
        "kind_confidence": 0.9,
        "x": x,
        "y": y,
        "vx": vx,
        "vy": vy,
        "heading": heading,
        "sigma_position": sigma,
        "sigma_velocity": 0.3,
        "length": 4.5,
        "width": 1.8,
        "height": 1.5,
    }
    empty = ObservationBatch.empty()
    return ObservationBatch(
        *(
            np.broadcast_to(np.asarray(values[field.name]), (count,)).astype(getattr(empty, field.name).dtype)
            for field in fields(ObservationBatch)
        )
    )


def join(*batches: ObservationBatch) -> ObservationBatch:
    """All reports of several batches."""
    return ObservationBatch.concatenate(list(batches))


def without(batch: ObservationBatch, *rows: int) -> ObservationBatch:
    """The batch without some rows."""
    kept = np.delete(np.arange(len(batch)), rows)
    return picked(batch, kept)


def picked(batch: ObservationBatch, rows: ArrayLike) -> ObservationBatch:
    """Some rows of a batch in the given order."""
    return ObservationBatch(*(getattr(batch, field.name)[np.asarray(rows)] for field in fields(ObservationBatch)))


def one_sensor(x: float = 0.0, y: float = 0.0, radius: float = 200.0, count: int = 1) -> SensorTable:
    """A table of `count` sensors that stand at one place."""
    return SensorTable(np.full(count, x), np.full(count, y), np.full(count, radius))


@dataclass
class Walk:
    """Runs a tracker over cycles of 0.1 s; `now` is the time of the last cycle."""

    tracker: Tracker
    sensors: SensorTable
    now: float = NOW

    def cycle(self, *batches: ObservationBatch) -> None:
        """Run one cycle 0.1 s after the last."""
        self.now += 0.1
        self.tracker.update(join(*batches), self.now, self.sensors)

    @property
    def ids(self) -> list[int]:
        """Ids of the tracks shown now."""
        return [int(track) for track in self.tracker.table(self.now).track_id]


def new_walk(sensors: SensorTable | None = None) -> Walk:
    """A fresh tracker with its clock."""
    return Walk(Tracker(), one_sensor() if sensors is None else sensors)
