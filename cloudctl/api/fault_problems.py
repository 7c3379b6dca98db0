"""Faults of a part of the platform as problems, by a table of status and title."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cloudctl.api.errors import ProblemError
from cloudctl.errors import CloudctlError

FaultTable = Mapping[type[CloudctlError], tuple[int, str]]
"""HTTP status and title of each fault; of a kind and what derives from it, the first that fits counts."""


@contextmanager
def faults_as_problems(table: FaultTable) -> Iterator[None]:
    """Turn the faults of the table that are raised within the block into problems; others pass."""
    try:
        yield
    except tuple(table) as fault:
        status, title = next(entry for kind, entry in table.items() if isinstance(fault, kind))
        raise ProblemError(status, title, str(fault)) from fault
