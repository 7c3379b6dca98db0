"""The one way to compile a hot function: numba, cached on disk, with its Python signature kept for the type checker."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def compiled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compile a function of columns to machine code on its first call; division by zero gives inf or NaN."""
    made: Callable[Arguments, Result] = njit(cache=True, nogil=True, error_model="numpy")(function)
    return made
