"""Whoever answers questions with rows: the one thing that the query modules need of a database."""

from collections.abc import Callable, Sequence
from typing import LiteralString, Protocol, TypeVar

Row = TypeVar("Row")


class RowSource(Protocol):
    """Answers one question."""

    async def rows(self, kind: Callable[..., Row], query: LiteralString, parameters: Sequence[object]) -> list[Row]:
        """Rows of the answer, each made by `kind` from its columns."""
        ...
