"""Runs with bus priority side by side: means and changes against the first."""

from collections.abc import Mapping, Sequence

import numpy as np

from cloudctl.signals.evaluation.comparison import Estimate, estimate_of
from cloudctl.signals.evaluation.priority_order import FIELDS, PriorityResult

_DELAYS = FIELDS[:4]


def priority_changes(
    runs: Mapping[str, Sequence[PriorityResult]], base: str
) -> dict[str, dict[str, tuple[float, Estimate]]]:
    """For each kind of run and delay: its mean, s, and the change in % against `base`, seed by seed."""
    return {
        name: {
            field: (
                float(np.mean([getattr(run, field) for run in rows])),
                estimate_of(
                    np.array(
                        [
                            100.0 * (getattr(run, field) / max(getattr(first, field), 1e-9) - 1.0)
                            for run, first in zip(rows, runs[base], strict=True)
                        ]
                    )
                ),
            )
            for field in _DELAYS
        }
        for name, rows in runs.items()
    }


def priority_table(runs: Mapping[str, Sequence[PriorityResult]], base: str) -> str:
    """Aligned text, a row a kind of run."""
    lines = [["run", *(part for field in _DELAYS for part in (field, "%")), "buses"]]
    for name, found in priority_changes(runs, base).items():
        cells = [part for mean, change in found.values() for part in (f"{mean:.2f}", f"{change.mean:+.1f}")]
        lines.append([name, *cells, f"{np.mean([run.buses for run in runs[name]]):.0f}"])
    width = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.rjust(size) for cell, size in zip(line, width, strict=True)) for line in lines)
