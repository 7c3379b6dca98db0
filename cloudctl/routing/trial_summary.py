"""What the runs of a trial say together: means over the seeds with confidence, and differences seed by seed."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from scipy.special import stdtrit

from cloudctl.routing.errors import DiversionTrialError
from cloudctl.routing.trial_order import TrialResult, Way

_MEANS = ("mean_s", "past_incident_s", "guided_s", "others_s", "unfinished", "kept_out", "teleports", "told")
CONFIDENCE = 0.95
COLUMNS = ("way", "guided", "mean s", "+-", "past incident s", "to nobody s", "+-", "to the device s", "+-", "worst s")
Row = dict[str, object]


def read_runs(file: Path, setting: Mapping[str, object]) -> list[TrialResult]:
    """Runs that an earlier trial wrote.

    Args:
        file: What `cloudctl diversion evaluate --out` wrote.
        setting: Closed link and times of this trial; those of the file must be the same.

    Raises:
        DiversionTrialError: the file is none of a trial, or of another one.
    """
    try:
        content = msgspec.json.decode(file.read_bytes(), type=dict[str, object])
        runs = msgspec.convert(content.get("runs"), list[TrialResult])
    except (OSError, msgspec.MsgspecError) as error:
        raise DiversionTrialError(str(file), str(error)) from error
    for name, value in setting.items():
        if content.get(name) != value:
            raise DiversionTrialError(str(file), f"has {name} {content.get(name)!r}, not {value!r}")
    return runs


def summary(results: Sequence[TrialResult]) -> list[Row]:
    """One row for each way, share and incident, in the order of the first of each.

    `ci_s` is half the width of the 95 % interval of `mean_s` (Student's t over seeds). `to_nobody_s` and `to_device_s`
    are mean differences between runs of equal seeds, to nobody guided and to SUMO's device at the same share, with
    `..._ci_s` alike; None where there is nothing to compare, or one seed only.
    """
    groups: dict[tuple[str, float, bool], dict[int, TrialResult]] = {}
    for result in results:
        groups.setdefault((result.way, result.share, result.incident), {})[result.seed] = result
    rows: list[Row] = []
    for (way, share, incident), runs in groups.items():
        means = {name: round(sum(getattr(run, name) for run in runs.values()) / len(runs), 2) for name in _MEANS}
        times = [run.mean_s for run in runs.values()]
        nobody = groups.get((Way.NOBODY, 0.0, True)) if incident and way != Way.NOBODY else None
        device = groups.get((Way.DEVICE, share, True)) if incident and way == Way.PLATFORM else None
        rows.append(
            {"way": str(way), "share": share, "incident": incident, "seeds": len(runs), **means}
            | {"ci_s": _half(times), "worst_s": round(max(times), 2)}
            | _difference("to_nobody", runs, nobody)
            | _difference("to_device", runs, device)
        )
    return rows


def table(rows: Sequence[Row]) -> list[list[object]]:
    """Cells of `COLUMNS`."""
    names = ("mean_s", "ci_s", "past_incident_s", "to_nobody_s", "to_nobody_ci_s", "to_device_s", "to_device_ci_s")
    return [
        [_way(row), f"{row['share']:.0%}", *(_cell(row[name]) for name in names), _cell(row["worst_s"])] for row in rows
    ]


def _way(row: Row) -> str:
    return f"{row['way']}" if row["incident"] else f"{row['way']}, no incident"


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)


def _difference(name: str, runs: dict[int, TrialResult], others: dict[int, TrialResult] | None) -> Row:
    pairs = [runs[seed].mean_s - others[seed].mean_s for seed in runs if seed in others] if others else []
    mean = round(float(np.mean(pairs)), 2) if pairs else None
    return {f"{name}_s": mean, f"{name}_ci_s": _half(pairs)}


def _half(values: Sequence[float]) -> float | None:
    """Half the width of the confidence interval of a mean."""
    count = len(values)
    if count < 2:
        return None
    quantile = float(stdtrit(count - 1, 0.5 + CONFIDENCE / 2))
    return round(quantile * float(np.std(values, ddof=1)) / math.sqrt(count), 2)
