"""OGC Moving Features Encoding Extension: JSON (OGC 19-045r3), the trajectory form: a feature for each track.

`temporalGeometry` is a MovingPoint with `datetimes` and `coordinates` (section 7.2), linear between them;
`temporalProperties` carry speed and heading. A track stands in one feature: tracks come whole and one after another.
"""

import json
from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pyarrow as pa

_HEAD = (
    '{"type":"FeatureCollection","crs":{"type":"Name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},'
    '"trs":{"type":"Name","properties":{"name":"urn:ogc:data:time:iso8601"}},"features":[\n'
)


async def moving_features(tables: AsyncIterator[pa.Table]) -> AsyncIterator[bytes]:
    """The file; each table holds whole tracks, their points by time."""
    separator = _HEAD
    async for table in tables:
        for start, end in _tracks(table):
            feature = _feature(table.slice(start, end - start))
            yield (separator + json.dumps(feature, ensure_ascii=False)).encode()
            separator = ",\n"
    yield ((separator if separator == _HEAD else "") + "\n]}\n").encode()


def _tracks(table: pa.Table) -> list[tuple[int, int]]:
    session, track = (table.column(name).to_numpy() for name in ("session", "track"))
    changes = np.flatnonzero((np.diff(session) != 0) | (np.diff(track) != 0)) + 1
    return list(pairwise([0, *changes.tolist(), len(track)]))


def _feature(rows: pa.Table) -> dict[str, object]:
    columns = rows.to_pydict()
    times = [t.isoformat(timespec="milliseconds").replace("+00:00", "Z") for t in columns["time"]]
    places = [[lon, lat] for lon, lat in zip(columns["lon"], columns["lat"], strict=True)]
    measures = [{name: _measure(columns[name], unit)} for name, unit in (("speed", "m/s"), ("heading", "deg"))]
    session, track = columns["session"][0], columns["track"][0]
    return {
        "type": "Feature",
        "id": f"{session}-{track}",
        "properties": {"session": session, "track": track, "kind": columns["kind"][0]},
        "temporalGeometry": {
            "type": "MovingPoint",
            "datetimes": times,
            "coordinates": places,
            "interpolation": "Linear",
        },
        "temporalProperties": [{"datetimes": times} | measure for measure in measures],
    }


def _measure(values: list[float], unit: str) -> dict[str, object]:
    return {"type": "Measure", "uom": unit, "values": [round(value, 2) for value in values], "interpolation": "Linear"}
