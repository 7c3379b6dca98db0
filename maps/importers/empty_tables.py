"""Tables without rows, for sources that know nothing of their matter."""

import numpy as np

from maps.network import CarParks, Crossings, Program, Stops


def no_program() -> Program:
    """Table without rows."""
    row, seconds = np.empty(0, np.int32), np.empty(0, np.float32)
    return Program(signal=row, duration=seconds, minimum=seconds, maximum=seconds, state_start=row)


def no_crossings() -> Crossings:
    """Table without rows."""
    row = np.empty(0, np.int32)
    return Crossings(np.empty(0, str), row, row, np.empty(0, np.float32), row, row)


def no_stops() -> Stops:
    """Table without rows."""
    text = np.empty(0, str)
    return Stops(text, text, text, np.empty(0, np.int32), np.empty(0, np.float32), text)


def no_car_parks() -> CarParks:
    """Table without rows."""
    text, row, metres = np.empty(0, str), np.empty(0, np.int32), np.empty(0)
    return CarParks(text, text, text, row, np.empty(0, np.float32), row, metres, metres)
