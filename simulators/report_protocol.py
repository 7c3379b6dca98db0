"""Turn trajectories into a recording of what overlapping roadside units and terminals would have sent, with the truth.

    python -m simulators.report_protocol --scene urban|freeway|campus|pair|FOLDER/CLIP --level good|typical|poor
        --out RECORDING.jsonl[.gz] --truth TRUTH.csv|.parquet [--seed N] [--seconds N] [--lost SHARE] ...

Four units stand at the corners of the scene and look over all of it, 30 % of the motor vehicles report themselves, all
at 10 Hz and each in a phase of its own. `pair` has two moving sensors instead, which measure neither velocity nor
identity. Messages are RSM and BSM as JSON. The same arguments give the same bytes.
"""

import argparse
import gzip
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from maps.geodesy import LocalPlane
from maps.participants import ParticipantKind as Kind
from simulators.errors import SimulatorsError
from simulators.obu_messages import SelfReports, bsm_texts
from simulators.recording import Recorded, line_of
from simulators.report_levels import LEVELS, ReportLevel
from simulators.report_scenes import SCENES
from simulators.report_sensors import EQUIPPED, Faults, RoadsideUnit, Sample, Terminal
from simulators.report_world import ReportWorld, read_film
from simulators.rsu_messages import RsmWriter, participant_texts, registration
from simulators.rsu_sensor import Detections

START = 1_700_000_000.0
"""UTC epoch at which scenes start, s."""
PLACE = (112.9388, 28.2282)
"""lon, lat (deg) of the middle of a scene."""
TRUTH_STEP = 0.1
MOVING_REACH = 90.0
"""How far a sensor on a car sees, m."""
CAR_SENSOR_HEIGHT = 1.9
_STAMP = re.compile(rb'"timestamp":\d+,')
_SENT_AFTER = 0.5
"""Share of the latency that has passed when the device sends."""


@dataclass(frozen=True)
class Disturbance:
    """What the network does to messages; shares 0..1."""

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    """Share that comes 0.2 to 0.6 s later than it would."""


@dataclass(frozen=True)
class ReportSetup:
    """All that a recording depends on besides its world."""

    level: ReportLevel
    seed: int = 1
    disturbance: Disturbance = field(default_factory=Disturbance)
    faults: dict[int, Faults] = field(default_factory=dict)
    """By number of the unit, 0 to 3."""
    units: int = 4
    stamped: bool = True
    """Whether messages carry the time of publication."""
    announced: bool = True
    """Whether units say where they stand and how far they see."""
    moving: bool = False


def samples_of(world: ReportWorld, setup: ReportSetup) -> Iterator[Sample]:
    """Give the samples of all devices, device by device."""
    children = np.random.default_rng(setup.seed).spawn(5 + len(world.kind))
    corners = world.corners()
    reach = float(np.hypot(*(corners[3] - corners[0])))
    if setup.moving:
        for number in range(2):
            yield from RoadsideUnit(
                number,
                world,
                setup.level,
                children[number],
                np.zeros(2),
                MOVING_REACH,
                speeds=False,
                carrier=number,
                height=CAR_SENSOR_HEIGHT,
            ).samples()
        return
    for number in range(setup.units):
        faults = setup.faults.get(number, Faults())
        place = corners[number]
        yield from RoadsideUnit(number, world, setup.level, children[number], place, reach, faults).samples()
    motor = np.isin(world.kind, (Kind.CAR, Kind.VAN, Kind.TRUCK, Kind.BUS))
    equipped = np.flatnonzero(motor & (children[4].random(len(motor)) < EQUIPPED))
    for row in equipped:
        yield from Terminal(4 + int(row), world, setup.level, children[5 + row], int(row)).samples()


def messages_of(world: ReportWorld, setup: ReportSetup) -> list[Recorded]:
    """Give all messages in the order of their reception."""
    plane, rng = LocalPlane(*PLACE), np.random.default_rng((setup.seed, 1))
    writers: dict[int, RsmWriter] = {}
    count: dict[int, int] = {}
    found = list(_registrations(world, setup, plane)) if setup.announced and not setup.moving else []
    for sample in samples_of(world, setup):
        delay = max(0.001, rng.normal(setup.level.latency, setup.level.latency_sigma))
        sent = START + sample.stated + _SENT_AFTER * delay
        received = START + sample.time + delay
        if sample.roadside:
            texts = list(_rsm(sample, writers, plane, setup, sent))
            topic = f"V2X/RSU/RSU{sample.device:05d}/RSM/UP"
        else:
            count[sample.device] = count.get(sample.device, -1) + 1
            texts = [_bsm(sample, count[sample.device], plane, setup.level, sent)]
            topic = f"V2X/OBU/CAR{sample.device:05d}/BSM/UP"
        for text in texts:
            payload = text if setup.stamped else _STAMP.sub(b"", text)
            found += _carried(Recorded(received, topic, payload), setup.disturbance, rng)
    return sorted(found, key=lambda message: message.time)


def _carried(message: Recorded, disturbance: Disturbance, rng: np.random.Generator) -> Iterator[Recorded]:
    lost, doubled, late, wait, again = rng.random(5)
    if lost < disturbance.lost:
        return
    delay = 0.2 + 0.4 * wait if late < disturbance.late else 0.0
    yield Recorded(message.time + delay, message.topic, message.payload)
    if doubled < disturbance.doubled:
        yield Recorded(message.time + 0.3 * again, message.topic, message.payload)


def _registrations(world: ReportWorld, setup: ReportSetup, plane: LocalPlane) -> Iterator[Recorded]:
    corners = world.corners()
    reach = float(np.hypot(*(corners[3] - corners[0])))
    for number in range(setup.units):
        lon, lat = (float(value) for value in plane.inverse(*corners[number]))
        esn, stamp = f"RSU{number:05d}", round(START * 1e3)
        text = registration(esn, number, esn, (lon, lat), (1, number + 1), reach=reach, published_ms=stamp)
        yield Recorded(START, "V2X/RSU/INFO/UP", text)


def _rsm(
    sample: Sample, writers: dict[int, RsmWriter], plane: LocalPlane, setup: ReportSetup, sent: float
) -> Iterator[bytes]:
    """Write one sample of a unit; a unit that moves states its present place."""
    place = plane.inverse(*sample.origin)
    esn = f"RSU{sample.device:05d}"
    if setup.moving and sample.device in writers:
        writers[sample.device].move(float(place[0]), float(place[1]))
    writer = writers.setdefault(sample.device, RsmWriter(esn, float(place[0]), float(place[1]), 0))
    lon, lat = plane.inverse(sample.spot[:, 0], sample.spot[:, 1])
    seen = Detections(
        unit=np.full(len(lon), sample.device, np.intp),
        ptc_id=sample.name.astype(np.int64),
        kind=sample.kind,
        lon=lon,
        lat=lat,
        speed=np.hypot(sample.spot[:, 2], sample.spot[:, 3]),
        heading=np.nan_to_num(np.arctan2(sample.spot[:, 2], sample.spot[:, 3])),
        length=sample.size[:, 0],
        width=sample.size[:, 1],
        height=np.full(len(lon), 1.5),
        row=np.full(len(lon), -1, np.intp),
    )
    marks = np.full(len(lon), round((START + sample.stated) * 1e3) % 60_000, np.int64)
    yield from writer.write(participant_texts(seen, marks, setup.level.confidence.encode()), round(sent * 1e3))


def _bsm(sample: Sample, count: int, plane: LocalPlane, level: ReportLevel, sent: float) -> bytes:
    lon, lat = plane.inverse(sample.spot[:, 0], sample.spot[:, 1])
    zero = np.zeros(1)
    reports = SelfReports(
        count=np.array([count % 128]),
        sampled=np.array([START + sample.stated]),
        published=np.array([sent]),
        lon=lon,
        lat=lat,
        speed=np.hypot(sample.spot[:, 2], sample.spot[:, 3]),
        heading=np.arctan2(sample.spot[:, 2], sample.spot[:, 3]),
        acceleration=zero,
        yaw_rate=zero,
        length=sample.size[:, 0],
        width=sample.size[:, 1],
        height=zero + 1.5,
        kind=sample.kind,
    )
    return bsm_texts([f"CAR{sample.device:05d}".encode()], reports, round(level.gnss / 0.05))[0]


def truth_of(world: ReportWorld, *, reach: float = np.inf) -> pa.Table:
    """Give the truth ten times a second; with a `reach` (m), observable is what is near one of the first two."""
    plane, columns = LocalPlane(*PLACE), []
    labels = np.array([kind.label for kind in Kind])
    for time in np.arange(0.0, world.seconds, TRUTH_STEP):
        now = world.at(float(time))
        rows = np.flatnonzero(np.isfinite(now[:, 0]))
        apart = np.hypot(now[rows, None, 0] - now[None, :2, 0], now[rows, None, 1] - now[None, :2, 1])
        seen = (np.nan_to_num(apart, nan=np.inf) <= reach).any(axis=1) | np.isinf(reach)
        columns.append((np.full(len(rows), START + time), rows, now[rows, 0], now[rows, 1], seen))
    moment, row, x, y, seen = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    lon, lat = plane.inverse(x, y)
    return pa.table(
        {"t": moment, "id": row, "kind": labels[world.kind[row]], "lat": lat, "lon": lon, "x": x, "y": y}
        | {"observable": seen.astype(np.uint8)}
    )


def world_of(scene: str, seconds: float, seed: int) -> ReportWorld:
    """Make the scene of this name, or read the clip at FOLDER/CLIP."""
    maker = SCENES.get(scene)
    if maker is not None:
        return maker(seconds, np.random.default_rng((seed, 2)))
    path = Path(scene)
    return read_film(path.parent, path.name)


def write_messages(path: Path, messages: list[Recorded]) -> None:
    """Write a recording, packed where the name ends in .gz."""
    text = b"".join(line_of(message) for message in messages)
    path.write_bytes(gzip.compress(text, 1, mtime=0) if path.suffix == ".gz" else text)


def main(arguments: list[str] | None = None) -> int:
    """Write one recording and its truth."""
    options = _parser().parse_args(arguments)
    moving = options.scene == "pair"
    faults = Faults(options.bias, 0.0, options.clock)
    setup = ReportSetup(
        LEVELS[options.level],
        options.seed,
        Disturbance(options.lost, options.doubled, options.late),
        {0: faults},
        units=options.units,
        stamped=not options.unstamped,
        announced=not options.unannounced,
        moving=moving,
    )
    try:
        world = world_of(options.scene, options.seconds, options.seed)
    except SimulatorsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    messages = messages_of(world, setup)
    write_messages(options.out, messages)
    truth = truth_of(world, reach=MOVING_REACH if moving else np.inf)
    writer = pyarrow.parquet.write_table if options.truth.suffix == ".parquet" else pyarrow.csv.write_csv
    writer(truth, options.truth)
    figures = {"messages": len(messages), "road_users": len(world.kind), "seconds": round(world.seconds, 1)}
    sys.stdout.write(orjson.dumps(figures).decode() + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulators.report_protocol", description="Trajectories to a recording.")
    parser.add_argument("--scene", required=True, help=f"{', '.join(SCENES)} or FOLDER/CLIP of real trajectories")
    parser.add_argument("--level", choices=tuple(LEVELS), default="typical")
    parser.add_argument("--out", type=Path, required=True, help="recording, .jsonl or .jsonl.gz")
    parser.add_argument("--truth", type=Path, required=True, help=".csv or .parquet")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of a scene made from models")
    parser.add_argument("--units", type=int, default=4, choices=(1, 2, 3, 4))
    for name in ("lost", "doubled", "late"):
        parser.add_argument(f"--{name}", type=float, default=0.0, help=f"share of messages that are {name}")
    parser.add_argument("--bias", type=float, default=0.0, help="offset of the first unit to the east, m")
    parser.add_argument("--clock", type=float, default=0.0, help="what the first unit's clock is ahead, s")
    parser.add_argument("--unstamped", action="store_true", help="leave out the time of publication")
    parser.add_argument("--unannounced", action="store_true", help="units do not say how far they see")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
