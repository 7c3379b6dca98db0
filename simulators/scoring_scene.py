"""The two sides of a score, truth and tracks, brought to the same moments and the same plane.

Tracks are interpolated to the times of the truth, so their publishing rate does not matter. Truth that no sensor could
see is not asked for; a track that stands on such a road user is neither right nor wrong and is left out.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.geodesy import LocalPlane
from simulators.errors import TableError
from simulators.scoring_matching import Floats, Ints, best_pairs

REACH = 4.0
"""Distance at which two positions have nothing in common any more: similarity is 1 - d / 4 m."""
LONGEST_GAP = 0.6
"""A track is interpolated between rows at most so far apart, s."""


@dataclass(frozen=True)
class Columns:
    """Positions over time, one row an object and moment; arrays of equal length."""

    time: Floats
    """UTC epoch, s."""
    id: NDArray[np.str_]
    x: Floats
    y: Floats
    """m, both sides in the same plane."""
    observable: NDArray[np.bool_]
    group: NDArray[np.str_] | None = None
    """vehicle, two-wheeler, pedestrian or other; None where kinds are not told."""


GROUPS = {
    **dict.fromkeys(("car", "van", "truck", "bus", "special"), "vehicle"),
    **dict.fromkeys(("motorcycle", "cyclist"), "two-wheeler"),
    "pedestrian": "pedestrian",
}
"""Group of each kind of road user."""


@dataclass(frozen=True)
class Scene:
    """Pairs of truth and track that are close at some moment, and how often each side occurs."""

    truth_frame: Ints
    truth: Ints
    """Number of the frame and of the object, one row an object and frame."""
    track_frame: Ints
    track: Ints
    pair_frame: Ints
    pair_truth: Ints
    pair_track: Ints
    distance: Floats
    """One row a pair within reach, in the order of frames."""
    period: float = 0.0
    """Usual time between two frames, s."""

    @property
    def similarity(self) -> Floats:
        """1 at no distance, 0 at the reach."""
        return np.asarray(1.0 - self.distance / REACH)


def read_columns(path: Path, id_column: str, plane: LocalPlane | None = None) -> tuple[Columns, LocalPlane]:
    """Read a truth or tracks file (CSV or Parquet) with `t`, `lat`, `lon` and an id into a plane.

    Raises:
        TableError: the file is unreadable or lacks a column.
    """
    table = read_table(path, {"t", "lat", "lon", id_column})
    lon, lat = table["lon"].to_numpy().astype(np.float64), table["lat"].to_numpy().astype(np.float64)
    if plane is None:
        plane = LocalPlane(float(lon.mean()), float(lat.mean())) if len(lon) else LocalPlane(0.0, 0.0)
    x, y = plane.forward(lon, lat)
    seen = table["observable"].to_numpy().astype(np.bool_) if "observable" in table.column_names else None
    columns = Columns(
        time=table["t"].to_numpy().astype(np.float64),
        id=table[id_column].cast(pa.string()).to_numpy(zero_copy_only=False).astype(np.str_),
        x=x,
        y=y,
        observable=np.ones(len(x), np.bool_) if seen is None else seen,
        group=_groups(table["kind"]) if "kind" in table.column_names else None,
    )
    return columns, plane


def _groups(kinds: pa.ChunkedArray) -> NDArray[np.str_]:
    names = kinds.cast(pa.string()).to_numpy(zero_copy_only=False)
    return np.array([GROUPS.get(name, "other") for name in names], np.str_)


def read_table(path: Path, wanted: set[str]) -> pa.Table:
    """Read a CSV or Parquet file that has these columns; TableError where it cannot be read or lacks one."""
    try:
        table = pyarrow.parquet.read_table(path) if path.suffix == ".parquet" else pyarrow.csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise TableError(path, str(error).splitlines()[0]) from error
    missing = wanted - set(table.column_names)
    if missing:
        raise TableError(path, f"has no column {min(missing)!r}")
    return table


def make_scene(truth: Columns, tracks: Columns, gate: float) -> Scene:
    """Bring both sides together at the times of the truth, while there are tracks at all."""
    within = (truth.time >= tracks.time.min(initial=np.inf)) & (truth.time <= tracks.time.max(initial=-np.inf))
    times, frame = np.unique(truth.time[within], return_inverse=True)
    track_frame, track, track_points = at_times(tracks, times)
    number = np.unique(truth.id[within], return_inverse=True)[1]
    points, seen = np.column_stack((truth.x[within], truth.y[within])), truth.observable[within]
    a, b, distance = _near(frame, points, track_frame, track_points, len(times))
    kept_track = ~_on_unseen(len(track), a, b, distance, seen=seen, gate=gate)
    kept = seen[a] & kept_track[b]
    return Scene(
        truth_frame=frame[seen],
        truth=number[seen],
        track_frame=track_frame[kept_track],
        track=track[kept_track],
        pair_frame=frame[a[kept]],
        pair_truth=number[a[kept]],
        pair_track=track[b[kept]],
        distance=distance[kept],
        period=float(np.median(np.diff(times))) if len(times) > 1 else 0.0,
    )


def _near(
    frame: Ints, points: Floats, track_frame: Ints, track_points: Floats, frames: int
) -> tuple[Ints, Ints, Floats]:
    """Rows of truth and of tracks that are within reach in the same frame, and their distance, frame by frame."""
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for k in range(frames):
        mine, theirs = np.flatnonzero(frame == k), np.flatnonzero(track_frame == k)
        if len(mine) and len(theirs):
            tree = cKDTree(track_points[theirs])
            near = cKDTree(points[mine]).sparse_distance_matrix(tree, REACH, output_type="ndarray")
            found.append((mine[near["i"]], theirs[near["j"]], near["v"]))
    a, b, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return a, b, distance


def at_times(tracks: Columns, times: Floats) -> tuple[Ints, Ints, Floats]:
    """Interpolate tracks to `times`: frame, track number and point (n, 2) of each row."""
    _, number = np.unique(tracks.id, return_inverse=True)
    order = np.lexsort((tracks.time, number))
    number, time, points = number[order], tracks.time[order], np.column_stack((tracks.x, tracks.y))[order]
    gap = np.diff(time)
    joined = (number[1:] == number[:-1]) & (gap <= LONGEST_GAP) & (gap > 0.0)
    start = np.flatnonzero(joined)
    first = np.searchsorted(times, time[start], side="left")
    last = np.searchsorted(times, time[start + 1], side="left")
    count = last - first
    ends = np.flatnonzero(~np.append(joined, [False])) if len(time) else np.empty(0, np.intp)
    leg = np.repeat(start, count)
    frame = np.repeat(first, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    share = ((times[frame] - time[leg]) / gap[leg])[:, None]
    end_frame = np.minimum(np.searchsorted(times, time[ends]), max(len(times) - 1, 0))
    exact = np.flatnonzero(times[end_frame] == time[ends]) if len(times) else np.empty(0, np.intp)
    return (
        np.concatenate((frame, end_frame[exact])),
        np.concatenate((number[leg], number[ends[exact]])),
        np.concatenate((points[leg] + share * (points[leg + 1] - points[leg]), points[ends[exact]])),
    )


def _on_unseen(
    rows: int, a: Ints, b: Ints, distance: Floats, *, seen: NDArray[np.bool_], gate: float
) -> NDArray[np.bool_]:
    """Which of the tracks' rows match best with a road user that no sensor could see."""
    marked = np.zeros(rows, np.bool_)
    close = np.flatnonzero(distance <= gate)
    chosen = close[best_pairs(a[close], b[close], 1.0 + REACH - distance[close])]
    marked[b[chosen[~seen[a[chosen]]]]] = True
    return marked
