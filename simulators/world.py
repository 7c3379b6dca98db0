"""The simulated city at one moment: what the devices' sensors look at, and the truth by which fusion is scored."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class WorldFrame:
    """All road users and signals at one simulation step; arrays of length n, one row a road user.

    Positions are the centre of the body in the road network's `LocalPlane`, m.
    """

    time: float
    """UTC epoch to which the step is mapped, s.

    The city sends a frame up to one step before this time, so that a reader can interpolate between the last two
    frames at any moment without waiting.
    """
    id: NDArray[np.str_]
    kind: NDArray[np.uint8]
    """`maps.participants.ParticipantKind`."""
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    speed: NDArray[np.float32]
    """m/s"""
    acceleration: NDArray[np.float32]
    """m/s^2"""
    heading: NDArray[np.float32]
    """rad, clockwise from north."""
    length: NDArray[np.float32]
    width: NDArray[np.float32]
    height: NDArray[np.float32]
    lane: NDArray[np.str_]
    """Id of the lane, empty inside a junction or off the network."""
    equipped: NDArray[np.bool_]
    """Carries an OBU."""
    lights: dict[str, str]
    """Signal id to SUMO's state string at this step."""
    light_ends: dict[str, float]
    """Signal id to the UTC epoch (s) at which its current step is due to end."""
    line: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, "U1"))
    """Line of a bus, empty for all others."""
    goal: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, "U1"))
    """Id of the car park at which the vehicle means to park, else empty."""
    staged: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, "U1"))
    """Kind of the staged incident that a road user is at this moment, else empty."""
    occupancy: dict[str, int] = field(default_factory=dict)
    """Car park id to the number of parked vehicles. Parked vehicles have no row."""
    sim_time: float = 0.0
    """Time of the simulation, s."""
    lag: float = 0.0
    """Seconds by which the simulation came late for this step; 0 when it keeps up."""
    step: float = 0.5
    """Length of a step, s."""
