"""What compiled code cannot say by itself: load a row before it is needed, use an array without counting its users.

Tables of large cities do not fit into the processor's caches. A search asks for all rows that it found before it looks
at the first, so that waiting for memory overlaps with work.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]  # ships no types
from numba import types
from numba.extending import intrinsic

from fusion.columns import BELIEF_PLACES, MOTION_PLACES, NEAR_PLACES, REST_PLACES, SHOWN_PLACES, Record

AHEAD = 12
"""Rows that a pass over a whole table asks for in advance."""
FOR_READING, NEAREST, DATA = 0, 3, 1
"""Arguments of `llvm.prefetch` (LLVM language reference): read, keep in all caches, data."""

OWNERS = (0, 1)
"""Members of numba's array structure that count users: the memory's record and the Python object."""

_Array = TypeVar("_Array")


def loader(offsets: Iterable[int]) -> Callable[[Record], None]:
    """Make a function of compiled code that starts to load a row at these bytes; it changes and waits for nothing."""
    places = tuple(offsets)

    def load(_: object, record: object) -> object:
        if not isinstance(record, types.Record):
            return None

        def emit(_: object, builder: ir.IRBuilder, __: object, arguments: list[ir.Value]) -> ir.Value:
            byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
            shape = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
            prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], shape)
            start = builder.bitcast(arguments[0], byte)
            for place in places:
                line = builder.gep(start, [ir.IntType(64)(place)])
                builder.call(prefetch, [line, word(FOR_READING), word(NEAREST), word(DATA)])
            return ir.Constant(byte, None)

        return types.void(record), emit

    return cast("Callable[[Record], None]", intrinsic(load))


def _borrow(_: object, array: object) -> object:
    if not isinstance(array, types.Array):
        return None

    def emit(_: object, builder: ir.IRBuilder, __: object, arguments: list[ir.Value]) -> ir.Value:
        view = arguments[0]
        for owner in OWNERS:
            view = builder.insert_value(view, ir.Constant(view.type.elements[owner], None), owner)
        return view

    return array(array), emit


load_near = loader(NEAR_PLACES)
"""Starts to load what a report near a track is compared with, and what readers get."""
load_rest = loader(REST_PLACES)
"""Starts to load the rest of a track."""
load_sight = loader(SHOWN_PLACES)
"""Starts to load what tells whether a track is shown."""
load_motion = loader(MOTION_PLACES)
"""Starts to load what a pass over all tracks looks at."""
load_belief = loader(BELIEF_PLACES)
"""Starts to load what tells whether a sensor missed a track."""
load_device = loader((0, 64, 128, 192))
"""Starts to load what is asked of a device that a report is compared with."""
load_pair = loader((0, 64, 128, 192, 256, 320))
"""Starts to load a pair of devices."""
borrowed = cast("Callable[[_Array], _Array]", intrinsic(_borrow))
"""Gives compiled code an array without an owner, so that passing it on costs nothing. Its owner must be an argument of
the outermost compiled function: nothing else keeps the memory."""
