"""What a run is judged by: delay of every vehicle, waiting, stops."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Measures:
    """Means over the vehicles of a run: s, s, s, s, halts; numbers of vehicles that arrived and that never entered.

    `delay_s` is time loss plus departure delay; a vehicle that never entered counts from its planned departure to the
    end of the run, one that is still under way with what it lost so far. The others are means over those that entered.
    """

    delay_s: float
    time_loss_s: float
    trip_s: float
    wait_s: float
    stops: float
    arrived: float
    kept_out: float


def measure(trips: Iterable[Mapping[str, str]]) -> Measures:
    """Measures from SUMO's trip rows, the unfinished and undeparted included."""
    delay = loss = trip = wait = stops = 0.0
    arrived = entered = kept_out = 0
    for row in trips:
        delay += float(row["departDelay"])
        if float(row["depart"]) < 0:
            kept_out += 1
            continue
        entered += 1
        arrived += float(row["arrival"]) >= 0
        delay += float(row["timeLoss"])
        loss += float(row["timeLoss"])
        trip += float(row["duration"])
        wait += float(row["waitingTime"])
        stops += float(row["waitingCount"])
    all_vehicles, inside = max(entered + kept_out, 1), max(entered, 1)
    return Measures(
        delay / all_vehicles, loss / inside, trip / inside, wait / inside, stops / inside, arrived, kept_out
    )


def mean(runs: Iterable[Measures]) -> dict[str, float]:
    """Mean of each measure over the runs."""
    rows = list(runs)
    return {
        field.name: round(sum(getattr(row, field.name) for row in rows) / len(rows), 4) for field in fields(Measures)
    }


def rounded(run: Measures) -> dict[str, float]:
    """The measures of one run as written out."""
    return {name: round(value, 4) for name, value in asdict(run).items()}
