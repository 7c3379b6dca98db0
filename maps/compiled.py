"""Machine code for inner loops, with the types of the Python function kept."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def compiled(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Compile at the first call, keep the result on disk, run without the interpreter lock.

    Division by zero gives inf or NaN, as in numpy.
    """
    made = njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast("Callable[_Arguments, _Result]", made)
